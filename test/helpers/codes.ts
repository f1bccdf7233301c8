// What a program can meet by name: codes and classes of errors, warnings, reasons and environment variables.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The texts of a folder's own sources: neither generated nor for tests, nor for a system that has no files. */
function sources(folder: string, ending: RegExp): string[] {
  const isOwn = (name: string) =>
    ending.test(name) && !/(^|\/)(generated|build|test|stub)\//.test(name);
  const names = fs.readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter(isOwn).map((name) => fs.readFileSync(join(ROOT, folder, name), 'utf8'));
}

/** What the groups of a pattern match, whichever group it is. */
function matches(texts: readonly string[], pattern: RegExp): string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(pattern)].flatMap((match) => match.slice(1).filter(Boolean)),
  );
}

/** What a program can meet: the command line says its errors itself. */
const FOLDERS = fs
  .readdirSync(join(ROOT, 'packages'))
  .filter((name) => name !== 'cli')
  .map((name) => `packages/${name}/src`);

/** All names that the sources throw, emit, document or read from the environment. */
export function namesInSources(): string[] {
  const scripts = [
    ...[...FOLDERS, 'packages/core/template'].flatMap((folder) => sources(folder, /\.ts$/)),
    ...sources('native', /^[^/]*\.js$/),
  ];
  const addon = sources('native/src', /\.(cc|h)$/);
  const reasons = [
    ...matches(scripts, /^const REASONS = \[(.*)\]/gm),
    ...matches(scripts, /^export type IdentityReason = (.*);/gm),
  ];
  return [
    ...new Set([
      // As literals or in documentation; what a code is only compared with the start of is none.
      ...matches(
        scripts,
        /(?<!startsWith\()['`]((?:ERR|FMMAP)_[A-Z_]+|E[A-Z]{2,}|[A-Z_]+_ERR|[A-Z_]+_NOT_FOUND)['`]/g,
      ),
      ...matches(scripts, /\benv\.(FMMAP_[A-Z_]+)|(FMMAP_[A-Z_]+)(?= \} = process\.env)/g),
      ...matches(scripts, /\berrno\.(E[A-Z]+)/g),
      ...matches(scripts, /\bclass (Mmap\w*Error)\b|'(Mmap\w+Warning)'/g),
      ...matches(addon, /\bgetenv\("(\w+)"\)|\b(?:system|error)\((E[A-Z]+),/g),
      ...matches(reasons, /('[a-z-]+')/g),
    ]),
  ].sort();
}

/** The names in the first column of the tables of a document. */
export function namesInTables(path: string): string[] {
  const text = fs.readFileSync(join(ROOT, path), 'utf8');
  const cells = matches([text], /^\| (`[^|]*`) \|/gm);
  return matches(cells, /`([^`]+)`/g).sort();
}
