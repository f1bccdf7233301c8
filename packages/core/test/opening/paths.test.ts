import * as fs from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, syncDirectory, syncParentDirectory } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { isWindows, whereNamesAreBytes, whereSymlinks } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { testRelativePaths } from '../helpers/relative-paths.js';
import { tempDir, tempFile } from '../helpers/temp.js';

const NAMES = [
  'plain.bin',
  'with space.bin',
  'Grüße-日本.bin',
  '100%.bin',
  "quote'd.bin",
  isWindows ? '#.bin' : '#?.bin',
];

describe.each([
  ['a string', (path: string) => path],
  ['a file: URL', (path: string) => pathToFileURL(path)],
  ['a Buffer', (path: string) => Buffer.from(path)],
  ['a Uint8Array', (path: string) => new TextEncoder().encode(path)],
])('a path may be %s', (_name, toPath) => {
  test.each(NAMES)('%s', (name) => {
    const path = join(tempDir(), name);
    using created = MmapFileMut.create(toPath(path), { maxSize: 4 });
    created.writeAll('abcd');
    expect(created.path).toBe(path);
    created.writeToNewFile(toPath(`${path}.copy`));
    created.close();
    expect(fs.readFileSync(`${path}.copy`, 'utf8')).toBe('abcd');
    for (const open of [MmapFile.open, MmapFile.openExec, MmapFileMut.openCow]) {
      using file = open(toPath(path));
      expect(file.asBuffer().toString()).toBe('abcd');
      expect(file.path).toBe(path);
    }
    syncParentDirectory(toPath(path));
    syncDirectory(toPath(dirname(path)));
    MmapFileMut.openExisting(toPath(path)).remove();
    expect(fs.readdirSync(dirname(path))).toEqual([`${name}.copy`]);
  });
});

whereNamesAreBytes.test('a Buffer that is not UTF-8 names its file byte for byte', () => {
  const directory = tempDir();
  const name = Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x2e, 0xc3]);
  const path = Buffer.concat([Buffer.from(`${directory}/`), name]);
  using file = MmapFileMut.create(path, { maxSize: 3 });
  file.writeAll('abc');
  expect(fs.readdirSync(directory, { encoding: 'buffer' })).toEqual([name]);
  expect(file.path).toBe(path.toString());
  const copy = Buffer.concat([path, Buffer.from([0xfd])]);
  file.writeToNewFile(copy);
  expect(fs.readFileSync(copy).toString()).toBe('abc');
  expect(thrown(() => file.writeToNewFile(copy))).toMatchObject({ code: 'EEXIST' });
  syncParentDirectory(path);
  file.remove();
  expect(fs.readdirSync(directory, { encoding: 'buffer' })).toEqual([copy.subarray(-7)]);
});

test('a Buffer may be changed after the call: the path has been read', () => {
  const path = tempFile('abc');
  const bytes = Buffer.from(path);
  using file = MmapFileMut.open(bytes);
  bytes.fill(0x78);
  expect(file.path).toBe(path);
  file.remove();
  expect(fs.existsSync(path)).toBe(false);
});

test('a relative path starts at the current working directory', () => {
  const path = tempFile('abc');
  using file = MmapFile.open(relative(process.cwd(), path));
  expect(file.asBuffer().toString()).toBe('abc');
  expect(file.path).toBe(relative(process.cwd(), path));
});

test('a relative path survives process.chdir: remove removes the file that was opened', async () => {
  const [here, there] = [tempDir(), tempDir()];
  fs.writeFileSync(join(here, 'name'), 'opened');
  fs.writeFileSync(join(there, 'name'), 'another');
  const said = await hearProgram('opening/paths#survivesChdir', { args: [there], cwd: here });
  expect(said).toEqual(['MmapRangeError', 'name']);
  expect(fs.readdirSync(here)).toEqual([]);
  expect(fs.readdirSync(there)).toEqual(['name']);
  expect(fs.readFileSync(join(there, 'name'), 'utf8')).toBe('another');
});

describe('a relative path is opened unchanged', () => testRelativePaths(hearProgram));

whereSymlinks.test('a path through symbolic links opens what they lead to', () => {
  const path = tempFile('abc');
  const directory = dirname(path);
  fs.symlinkSync(directory, join(directory, 'up'));
  fs.symlinkSync('up/file.bin', join(directory, 'link'));
  for (const name of ['link', 'up/file.bin', 'up/up/link']) {
    using file = MmapFile.open(join(directory, name));
    expect(file.asBuffer().toString()).toBe('abc');
  }
});

test.each([
  ['a bigint', 5n, 'path'],
  ['nothing', undefined, 'path'],
  ['null', null, 'path'],
  ['an object', {}, 'path'],
  ['a boolean', true, 'path'],
  ['a String object', Object('name'), 'path'],
  ['an array', ['name'], 'path'],
  ['an ArrayBuffer', new ArrayBuffer(4), 'path'],
  ['a Uint16Array', new Uint16Array(4), 'path'],
  ['a string with a null byte', 'a\0b', 'path'],
  ['a Buffer with a null byte', Buffer.from('a\0b'), 'path'],
])('%s is not a path: a TypeError names the argument', (_name, path, argument) => {
  using memory = MmapFileMut.memory('name', 'abc');
  const calls = [
    MmapFile.open,
    MmapFile.openExec,
    MmapFileMut.open,
    MmapFileMut.openExisting,
    MmapFileMut.openCow,
    MmapFileMut.create,
    syncDirectory,
    syncParentDirectory,
    (target: never) => memory.writeToNewFile(target),
  ];
  for (const call of calls) {
    const error = thrown(() => call(path as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      argument,
      code: expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/),
      message: expect.stringContaining(`"${argument}"`),
    });
  }
});

test('a number or a FileHandle is refused by calls that need a path', async () => {
  const path = tempFile('abc');
  using memory = MmapFileMut.memory('name', 'abc');
  const handle = await fs.promises.open(path, 'r+');
  const calls = [
    MmapFileMut.create,
    syncDirectory,
    syncParentDirectory,
    (target: never) => memory.writeToNewFile(target),
    (target: never) => MmapFileMut.open(target, { createNew: true }),
  ];
  for (const call of calls) {
    for (const file of [handle.fd, handle, 9999]) {
      const error = thrown(() => call(file as never));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ argument: 'path', code: 'ERR_INVALID_ARG_TYPE' });
    }
  }
  await handle.close();
  expect(fs.readFileSync(path, 'utf8')).toBe('abc');
});

test('a URL with an unsupported scheme, host or escape is a TypeError', () => {
  // On Windows a host is that of a shared folder.
  const host = isWindows ? [] : ['file://host/file'];
  for (const url of ['http://example.org/file', 'file:///a%2Fb', ...host]) {
    expect(thrown(() => MmapFile.open(new URL(url)))).toBeInstanceOf(TypeError);
  }
});

test.each([[''], [Buffer.alloc(0)]])('an empty path is ENOENT, as in fs: %o', (path) => {
  for (const open of [MmapFile.open, MmapFileMut.open, MmapFileMut.create]) {
    expect(thrown(() => open(path))).toMatchObject({ code: 'ENOENT', syscall: 'open', path: '' });
  }
});
