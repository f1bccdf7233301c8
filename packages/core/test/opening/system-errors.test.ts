import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapError, MmapFile, MmapFileMut } from '../../src/index.js';
import { errnoOf, thrown } from '../helpers/errors.js';
import {
  BELOW_FILE,
  isWindows,
  TOO_LONG,
  whereSpecialFiles,
  whereSymlinks,
} from '../helpers/platform.js';
import { countDescriptors, countMappings } from '../helpers/process.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

const openers = {
  'MmapFile.open': MmapFile.open,
  'MmapFile.openExec': MmapFile.openExec,
  'MmapFileMut.openCow': MmapFileMut.openCow,
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
  'MmapFileMut.open': MmapFileMut.open,
  'MmapFileMut.create': MmapFileMut.create,
};
type Opener = keyof typeof openers;
const names = Object.keys(openers) as Opener[];
const makers: Opener[] = ['MmapFileMut.open', 'MmapFileMut.create'];

/** Expects an error like that of `node:fs`, and that nothing is left open or mapped. */
function expectSystemError(call: () => unknown, code: string, path: string, syscall = 'open') {
  const [descriptors, mappings] = [countDescriptors(), countMappings(path)];
  const error = thrown(call);
  expect(error).toBeInstanceOf(MmapError);
  expect(error).toMatchObject({
    code,
    errno: errnoOf(code),
    syscall,
    path,
    message: expect.stringMatching(new RegExp(`^${code}: .+, ${syscall} '`)),
  });
  expect(error.message).toContain(`'${path}'`);
  expect(error.stack).toContain('system-errors.test.ts');
  expect([countDescriptors(), countMappings(path)]).toEqual([descriptors, mappings]);
}

describe('what cannot be opened throws the error of the system:', () => {
  test.each(names)('ENOENT for %s in a directory that is absent', (name) => {
    const path = join(tempDir(), 'absent', 'file');
    expectSystemError(() => openers[name](path), 'ENOENT', path);
  });

  test.each(names.filter((name) => !makers.includes(name)))('ENOENT for %s', (name) => {
    const path = tempFile();
    expectSystemError(() => openers[name](path), 'ENOENT', path);
    expect(fs.existsSync(path)).toBe(false);
  });

  test.each(names)('%s below a file', (name) => {
    const path = join(tempFile(CONTENT), 'below');
    expectSystemError(() => openers[name](path), BELOW_FILE, path);
  });

  test.each(names)('a name that is too long, for %s', (name) => {
    const path = join(tempDir(), 'n'.repeat(300));
    expectSystemError(() => openers[name](path), TOO_LONG, path);
  });

  whereSymlinks.test.each(names)('ELOOP for %s of a cycle of links', (name) => {
    const path = join(tempDir(), 'a');
    fs.symlinkSync('b', path);
    fs.symlinkSync('a', join(dirname(path), 'b'));
    const code = name === 'MmapFileMut.create' ? 'EEXIST' : 'ELOOP';
    expectSystemError(() => openers[name](path), code, path);
  });

  test.each(names)('EISDIR for %s of a directory', (name) => {
    const code = name === 'MmapFileMut.create' ? 'EEXIST' : 'EISDIR';
    for (const path of [tempDir(), ...(isWindows ? [] : ['/proc', '/'])]) {
      expectSystemError(() => openers[name](path), code, path);
    }
  });

  test('EEXIST for a file that must be new', () => {
    const path = tempFile(CONTENT);
    if (!isWindows) fs.symlinkSync('nowhere', `${path}.link`);
    const before = snapshot(path);
    for (const target of [path, ...(isWindows ? [] : [`${path}.link`]), dirname(path)]) {
      for (const truncate of [false, true]) {
        const options = { truncate, maxSize: 10 };
        expectSystemError(() => MmapFileMut.create(target, options), 'EEXIST', target);
        const createNew = { ...options, createNew: true };
        expectSystemError(() => MmapFileMut.open(target, createNew), 'EEXIST', target);
      }
    }
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(join(dirname(path), 'nowhere'))).toBe(false);
  });

  whereSpecialFiles.test.each(names)(
    'ENODEV for %s of anything but a regular file',
    async (name) => {
      const directory = tempDir();
      const fifo = join(directory, 'fifo');
      await hearProgram('opening/system-errors#makeFifo', { args: [fifo] });
      for (const path of [fifo, '/dev/zero', '/dev/null', '/proc/self/status']) {
        const error = thrown(() => openers[name](path));
        expect(error).toBeInstanceOf(MmapError);
        // Files of /proc cannot be opened for writing at all.
        const codes = path.startsWith('/proc') ? /^(ENODEV|EACCES)$/ : /^ENODEV$/;
        expect(error.code).toMatch(name === 'MmapFileMut.create' ? /^EEXIST$/ : codes);
        expect(error).toMatchObject({
          path,
          syscall: expect.any(String),
          errno: expect.any(Number),
        });
      }
      expect(fs.readdirSync(directory)).toEqual(['fifo']);
    },
  );

  whereSpecialFiles.test.each(names)('an error for %s of a socket', async (name) => {
    const path = join(tempDir(), 'socket');
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const code = name === 'MmapFileMut.create' ? 'EEXIST' : 'ENXIO';
    expectSystemError(() => openers[name](path), code, path);
  });

  whereSpecialFiles.test.each(['/dev/zero', '/proc/self/status', '/dev/null'])(
    'MmapFile.open and openCow never map %s, however small the range',
    (path) => {
      for (const open of [MmapFile.open, MmapFile.openExec, MmapFileMut.openCow]) {
        for (const options of [{ length: 0 }, { length: 1 }, { offset: 4096, length: 4096 }]) {
          expectSystemError(() => open(path, options), 'ENODEV', path, 'mmap');
        }
      }
    },
  );

  // Their size is 0; reading the start of /proc/self/mem and others even fails.
  whereSpecialFiles.test.each(['status', 'maps', 'mem', 'pagemap', 'clear_refs'])(
    'no reading constructor mistakes /proc/self/%s for an empty file',
    (name) => {
      for (const open of [MmapFile.open, MmapFile.openExec, MmapFileMut.openCow]) {
        const error = thrown(() => open(`/proc/self/${name}`));
        expect(error.code).toMatch(/^(ENODEV|EACCES)$/);
      }
    },
  );

  whereSpecialFiles.test('a FIFO does not block, with or without another end', async () => {
    const path = join(tempDir(), 'fifo');
    const [codes] = await hearProgram('opening/system-errors#fifo', { args: [path] });
    expect(codes).toEqual(Array(8).fill('ENODEV'));
  });
});
