// Formats generated files, compares them with the disk and writes them; and parses the command line for that.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The root of the repository, as seen from `codegen/src/` and from `codegen/dist/` alike. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of each file, by its path relative to the generated folder. */
export type Files = ReadonlyMap<string, string>;

/** A generated folder: it may contain nothing else, and git ignores it. */
export interface Target {
  /** Its name on the command line: that of its package, which may have several targets. */
  readonly name: string;
  /** Path relative to the root of the repository. */
  readonly folder: string;
  readonly generate: () => Files;
}

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** Formats with the repository's own biome.json; rejects what does not parse. */
export function format(name: string, text: string): string {
  const args = ['format', `--config-path=${root}`, `--stdin-file-path=${name}`];
  // Biome skips files that git ignores, so `name` is resolved in the root, not in the generated folder.
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [biome, ...args], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Cannot format ${name}: ${error?.message ?? stderr}`);
  return stdout;
}

/** What is wrong on disk; the path is relative to the folder. */
export interface Difference {
  readonly path: string;
  readonly state: 'missing' | 'different' | 'stale';
}

/** Compares whole files, in both directions. */
function compare(folder: string, files: Files): Difference[] {
  const onDisk = list(folder);
  const differences: Difference[] = onDisk
    .filter((path) => !files.has(path))
    .map((path) => ({ path, state: 'stale' }));
  for (const [path, text] of files) {
    if (!onDisk.includes(path)) differences.push({ path, state: 'missing' });
    else if (readFileSync(join(folder, path), 'utf8') !== text) {
      differences.push({ path, state: 'different' });
    }
  }
  return differences;
}

/** Makes the folder hold `files` and nothing else; does not touch files that are already right. */
export function write(folder: string, files: Files): Difference[] {
  const differences = compare(folder, files);
  for (const { path, state } of differences) {
    const target = join(folder, path);
    if (state === 'stale') {
      rmSync(target);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, files.get(path) ?? '');
  }
  return differences;
}

/** All files below `folder`, with `/` on every platform. */
function list(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

const usage = `Usage: fmmap-codegen [--check] [TARGET...]

Writes the generated files of the targets, or of all. With --check it writes nothing and fails
if two runs differ or if what is on disk is not what would be written.`;

/** Runs the command line `args` in the repository at `root`; returns the output. Throws on failure. */
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

/** The first path whose text differs between the two. */
function difference(a: Files, b: Files): string | undefined {
  return [...a.keys(), ...b.keys()].find((path) => a.get(path) !== b.get(path));
}
