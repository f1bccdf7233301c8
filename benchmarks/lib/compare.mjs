// Two commits measured in turn: this tree, and another commit that is checked out and built beside it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { digits, median, quantile, ratios } from './stats.mjs';

const HERE = fileURLToPath(new URL('../..', import.meta.url));

function must(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(' ')} ended with ${status}`);
}

/** Checks out a commit in `directory` and builds it. @returns What removes it. */
function checkOut(commit, directory) {
  must('git', ['worktree', 'add', '--detach', directory, commit], HERE);
  const remove = () => must('git', ['worktree', 'remove', '--force', directory], HERE);
  try {
    must(process.execPath, ['scripts/run.mjs', 'turbo', 'run', 'build'], directory);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}

/** The median of each contender in one run of a part, by table and name. */
function mediansOf(result) {
  const medians = new Map();
  for (const { name, rows } of result?.tables ?? []) {
    for (const [contender, { values, failure }] of Object.entries(rows)) {
      if (!failure && values.length > 0) medians.set(`${name} | ${contender}`, median(values));
    }
  }
  return medians;
}

/**
 * Runs the parts in both trees, in turn.
 * @param runPart - Runs a part of a tree and returns its result; undefined if it failed.
 * @returns A report: contenders that do not depend on the tree show how much the machine differs from itself.
 */
export function compare(commit, parts, rounds, directory, runPart) {
  const other = join(directory, 'other');
  const remove = checkOut(commit, other);
  try {
    return parts.map((part) => partReport(commit, part, rounds, [HERE, other], runPart)).join('\n');
  } finally {
    remove();
  }
}

function partReport(commit, part, rounds, trees, runPart) {
  const runs = trees.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of round % 2 === 0 ? [0, 1] : [1, 0]) {
      runs[turn].push(mediansOf(runPart(trees[turn], part)));
    }
  }
  const both = (key) => runs.every((of) => of.every((medians) => medians.has(key)));
  const keys = [...(runs[0][0]?.keys() ?? [])].filter(both);
  const lines = keys.map((key) => {
    const [here, before] = runs.map((of) => of.map((medians) => medians.get(key)));
    const all = ratios(here, before);
    const spread = `${digits(quantile(all, 0.25))} to ${digits(quantile(all, 0.75))}`;
    return `| ${key} | ${digits(median(before))} | ${digits(median(here))} | ${digits(median(all))}x (${spread}) |`;
  });
  return [
    `## ${part}\n`,
    `| table | contender | ${commit} | here | ratio (middle half) |`,
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}
