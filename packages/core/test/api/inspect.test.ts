import * as fs from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { isWindows, whereCallsAreTraced, whereLimits } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

/** Every state, and how a file gets into it. */
const states: Record<string, (path: string) => MmapFile> = {
  open: (path) => MmapFileMut.openExisting(path),
  faulted: (path) => {
    const file = MmapFileMut.openExisting(path);
    fs.truncateSync(path, 100);
    expect(file.asBuffer()[9000]).toBe(0);
    return file;
  },
  closed: (path) => {
    const file = MmapFileMut.openExisting(path);
    file.close();
    return file;
  },
};

// Windows refuses to cut a mapped file.
const possible = Object.entries(states).filter(([state]) => !(isWindows && state === 'faulted'));

describe.each(possible)('a file that is %s', (state, open) => {
  test('is shown as its class and a few facts', () => {
    const path = tempFile(CONTENT);
    using file = open(path);
    const lock = state === 'closed' ? 'none' : 'exclusive';
    const length = state === 'closed' ? 0 : 10_000;
    const facts = { path, length, access: 'write', lock, state };
    expect(JSON.parse(JSON.stringify(file))).toEqual(facts);
    expect(inspect(file)).toBe(`MmapFileMut ${inspect(facts)}`);
    expect(inspect({ file }, { depth: 0 })).toBe('{ file: [MmapFileMut] }');
  });
});

test.each([
  ['MmapFile.open', MmapFile.open, 'MmapFile', 'read'],
  ['MmapFile.openExec', MmapFile.openExec, 'MmapFile', 'exec'],
  ['MmapFileMut.openCow', MmapFileMut.openCow, 'MmapFileMut', 'copy'],
])('%s is shown with its access', (_name, open, name, access) => {
  const path = tempFile(CONTENT);
  using file = open(path);
  const facts = { path, length: 10_000, access, lock: 'shared', state: 'open' };
  expect(inspect(file)).toBe(`${name} ${inspect(facts)}`);
});

test('readers and writers are shown with their position', () => {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.openExisting(path);
  const cursors = { MmapFileReader: file.reader(5, 50), MmapFileWriter: file.writer(5, 50) };
  for (const [name, cursor] of Object.entries(cursors)) {
    cursor.skip(7);
    for (const [state, act] of Object.entries({ open: () => {}, closed: () => file.close() })) {
      if (name === 'MmapFileWriter') act();
      const now = file.isClosed ? 'closed' : 'open';
      const facts = { path, offset: 5, length: 50, position: 7, state: now };
      expect(inspect(cursor), state).toBe(`${name} ${inspect(facts)}`);
      expect(JSON.parse(JSON.stringify(cursor))).toEqual(facts);
    }
  }
});

test('inspect applies the options it is given', () => {
  using file = MmapFile.memory('name', 'abc');
  expect(inspect(file, { colors: true })).toContain("\u001b[32m'name'\u001b[39m");
  expect(inspect([file], { depth: -1 })).toBe('[Array]');
  expect(inspect(file, { depth: 0 })).toMatch(/^MmapFile {.*name/s);
  expect(inspect(file, { breakLength: 10 }).split('\n')).toHaveLength(7);
  class Named extends MmapFile {}
  expect(inspect(new Named(file._mapping))).toMatch(/^Named {/);
});

test('an object that only looks like a file is shown like any other object', () => {
  const like = { __proto__: MmapFile.prototype };
  expect(inspect(Object.create(MmapFile.prototype))).toBe('MmapFile {}');
  expect(inspect(like)).toBe('MmapFile {}');
  expect(inspect(MmapFile.prototype)).toBeTypeOf('string');
  expect(inspect(MmapFile)).toBe('[class MmapFile extends FileReads]');
});

whereCallsAreTraced.test('a poisoned file is shown as poisoned', async () => {
  const path = tempFile(CONTENT);
  const { through } = strace('msync', ['msync:error=EIO:when=1']);
  const said = await hearProgram('api/inspect#poisoned', { args: [path], through });
  const facts = { path, length: 0, access: 'write', lock: 'exclusive', state: 'poisoned' };
  const where = { path, offset: 0, length: 0, position: 0, state: 'poisoned' };
  expect(said).toEqual([
    [`MmapFileMut ${inspect(facts)}`, facts, `MmapFileReader ${inspect(where)}`, where],
  ]);
});

whereLimits.test(
  'a file whose new size cannot be mapped for lack of memory is still shown',
  async () => {
    const path = tempFile(CONTENT);
    const said = await hearProgram('api/inspect#grown', {
      args: [path],
      through: ['prlimit', `--as=${2 ** 42 + 2 ** 36}`],
    });
    expect(said).toEqual([
      ['MmapFileMut', 'MmapFileReader'],
      ['string', 'string'],
    ]);
  },
);
