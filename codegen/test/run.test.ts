import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { targets as realTargets } from '../src/flavours.js';
import { run, type Target } from '../src/output.js';

let root: string;
let folder: string;
let count = 0;

const target: Target = {
  name: 'one',
  folder: 'packages/one/src/generated',
  generate: () =>
    new Map([
      ['a.ts', 'a\n'],
      ['deep/b.ts', 'b\n'],
    ]),
};
const other: Target = { name: 'other', folder: 'other/generated', generate: () => new Map() };
const codegen = (...args: string[]) => run(args, root, [target, other]);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fmmap-codegen-'));
  folder = join(root, target.folder);
});
afterEach(() => rmSync(root, { recursive: true }));

describe('writing', () => {
  test('creates the folder and everything in it', () => {
    expect(codegen('one')).toBe('packages/one/src/generated: 2 files, 2 written, 0 removed');
    expect(readFileSync(join(folder, 'a.ts'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(folder, 'deep/b.ts'), 'utf8')).toBe('b\n');
  });

  test('removes stale files, including those in subfolders, and leaves neighbouring files alone', () => {
    codegen('one');
    writeFileSync(join(folder, 'old.ts'), '');
    mkdirSync(join(folder, 'gone'));
    writeFileSync(join(folder, 'gone/old.ts'), '');
    writeFileSync(join(folder, '../index.ts'), '');

    expect(codegen('one')).toContain('0 written, 2 removed');
    expect(existsSync(join(folder, 'old.ts'))).toBe(false);
    expect(readdirSync(join(folder, 'gone'))).toEqual([]);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['b.ts']);
    expect(existsSync(join(folder, '../index.ts'))).toBe(true);
  });

  test('does not touch a file that is already right', () => {
    codegen('one');
    writeFileSync(join(folder, 'deep/b.ts'), 'edited\n');
    const long = new Date(0);
    utimesSync(join(folder, 'a.ts'), long, long);

    expect(codegen('one')).toContain('1 written, 0 removed');
    expect(statSync(join(folder, 'a.ts')).mtime).toEqual(long);
    expect(readFileSync(join(folder, 'deep/b.ts'), 'utf8')).toBe('b\n');
  });

  test('takes all targets if none is named, and otherwise only the named ones', () => {
    expect(codegen().split('\n')).toHaveLength(2);
    rmSync(folder, { recursive: true });
    codegen('other');
    expect(existsSync(folder)).toBe(false);
  });
});

test('a name stands for all folders of its package', () => {
  const tests = { ...target, folder: 'packages/one/test/generated' };
  expect(run(['one'], root, [target, other, tests])).toBe(
    'packages/one/src/generated: 2 files, 2 written, 0 removed\n' +
      'packages/one/test/generated: 2 files, 2 written, 0 removed',
  );
});

describe('--check', () => {
  test('passes on freshly written files, and before anything was written', () => {
    expect(codegen('--check')).toContain('2 files, not written yet');
    expect(existsSync(folder)).toBe(false);
    codegen();
    expect(codegen('--check')).toContain('2 files, up to date');
  });

  test('refuses a different, a missing and a stale file, names each and changes nothing', () => {
    codegen();
    writeFileSync(join(folder, 'a.ts'), 'edited\n');
    rmSync(join(folder, 'deep/b.ts'));
    writeFileSync(join(folder, 'old.ts'), '');

    const path = target.folder;
    expect(() => codegen('--check')).toThrow(
      `Run \`fmmap-codegen one\`, these are out of date:\n` +
        `  ${path}/old.ts: stale\n  ${path}/a.ts: different\n  ${path}/deep/b.ts: missing`,
    );
    expect(readFileSync(join(folder, 'a.ts'), 'utf8')).toBe('edited\n');
  });

  test.each([
    ['in the text', () => new Map([['a.ts', `${count++}`]])],
    [
      'in the list of files',
      () => new Map([['a.ts', ''], ...(count++ % 2 ? [['b.ts', ''] as const] : [])]),
    ],
  ])('refuses two runs that differ %s', (_, generate) => {
    expect(() => run(['--check'], root, [{ ...target, generate }])).toThrow(
      /^Generating one twice gave two versions of packages\/one\/src\/generated\/[ab]\.ts\.$/,
    );
  });
});

describe('the command line refuses', () => {
  test('an unknown target, before anything is written', () => {
    expect(() => codegen('one', 'nodes')).toThrow("There is no target 'nodes', only: one, other.");
    expect(existsSync(folder)).toBe(false);
  });

  test('an unknown option', () => {
    expect(() => codegen('--force')).toThrow("'--force'");
  });
});

test('every target has its own generated folder, which git ignores', () => {
  const folders = realTargets.map((each) => each.folder);
  expect(new Set(folders).size).toBe(folders.length);
  for (const each of folders) expect(each).toMatch(/\/generated$/);
});
