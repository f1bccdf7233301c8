import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['core', 'worker', 'stream'].map((name) => join(ROOT, 'packages', name, 'src'));

/** The names of all options, as the types of the packages have them. */
function inSources(): string[] {
  const names = FOLDERS.flatMap((folder) =>
    fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith('generated'))
      .map((name) => fs.readFileSync(join(folder, name), 'utf8'))
      .flatMap((text) => [...text.matchAll(/^export interface \w+Options\b.*?^}/gms)])
      .flatMap(([text]) => [...text.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name = '']) => name)),
  );
  return [...new Set([...names, 'bigint'])].sort(); // that of `stat` has no type of its own
}

/** The names in the first column of the page's tables. */
function onPage(): string[] {
  const text = fs.readFileSync(join(ROOT, 'docs/options.md'), 'utf8');
  const cells = [...text.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell = '']) => cell);
  return [...new Set(cells.flatMap((cell) => cell.match(/\w+/g) ?? []))].sort();
}

test('the page on options has every option, and nothing else', () => {
  expect(onPage()).toEqual(inSources());
  expect(onPage()).toEqual(expect.arrayContaining(['lockTimeout', 'chunkSize', 'grow', 'signal']));
});
