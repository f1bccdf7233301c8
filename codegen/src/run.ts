import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Files } from './print.js';
import type { Target } from './targets.js';
import { compare, write } from './write.js';

export const usage = `Usage: fmmap-codegen [--check] [TARGET...]

Writes the generated files of the targets, or of all. With --check it writes nothing and fails
if two runs differ or if what is on disk is not what would be written.`;

/** Runs the command line `args` in the repository at `root`; returns what to say. Throws to fail. */
export function run(args: readonly string[], root: string, targets: readonly Target[]): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return usage;
  const act = values.check ? checkTarget : writeTarget;
  return select(positionals, targets)
    .map((target) => `${target.folder}: ${act(target, join(root, target.folder))}`)
    .join('\n');
}

function select(names: readonly string[], targets: readonly Target[]): readonly Target[] {
  if (names.length === 0) return targets;
  return names.flatMap((name) => {
    const found = targets.filter((target) => target.name === name);
    if (found.length > 0) return found;
    const known = new Set(targets.map((target) => target.name));
    throw new Error(`There is no target '${name}', only: ${[...known].join(', ')}.`);
  });
}

function writeTarget({ generate }: Target, folder: string): string {
  const files = generate();
  const changes = write(folder, files);
  const removed = changes.filter(({ state }) => state === 'stale').length;
  return `${files.size} files, ${changes.length - removed} written, ${removed} removed`;
}

function checkTarget({ name, folder: path, generate }: Target, folder: string): string {
  const files = generate();
  const unstable = difference(files, generate());
  if (unstable)
    throw new Error(`Generating ${name} twice gave two versions of ${path}/${unstable}.`);
  if (!existsSync(folder)) return `${files.size} files, not written yet`;

  const differences = compare(folder, files);
  if (differences.length === 0) return `${files.size} files, up to date`;
  const lines = differences.map((found) => `  ${path}/${found.path}: ${found.state}`);
  throw new Error([`Run \`fmmap-codegen ${name}\`, these are out of date:`, ...lines].join('\n'));
}

/** The first path that is not the same in both. */
function difference(a: Files, b: Files): string | undefined {
  return [...a.keys(), ...b.keys()].find((path) => a.get(path) !== b.get(path));
}
