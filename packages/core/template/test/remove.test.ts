import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapClosedError, MmapIdentityError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import {
  isWindows,
  whereDirectoriesInUseMove,
  whereNamesAreBytes,
  whereSymlinks,
} from '../../test/helpers/platform.js';
import { countDescriptors, countMappings } from '../../test/helpers/process.js';
import { pattern, snapshot, tempDir, tempFile } from '../../test/helpers/temp.js';
import type { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(10_000);

/** Two names that a URL could mix up. Windows has none with a question mark. */
const ODD = ['a file #1 %41?.bin', 'a file #1 A?.bin'].map((name) =>
  isWindows ? name.replace('?', '!') : name,
);

const open = () => AsyncMmapFileMut.openExisting(tempFile(CONTENT));

/** That a handle which could not remove its file is open, locked and of use. */
async function expectUsable(file: AsyncMmapFileMut): Promise<void> {
  expect([file.isClosed, file.isPoisoned, file.lockState]).toEqual([false, false, 'exclusive']);
  await file.truncate(12_000);
  file.writeUInt8(42, 11_999);
  await file.flush();
  expect((await file.stat()).size).toBe(12_000);
}

describe('remove', () => {
  test('removes the file, closes the handle and gives everything back', async () => {
    const path = tempFile(CONTENT);
    const file = await AsyncMmapFileMut.openExisting(path);
    const view = file.asBuffer();
    expect(await file.remove()).toBeUndefined();
    expect(fs.readdirSync(dirname(path))).toEqual([]);
    expect([file.isClosed, file.path, file.length, file.lockState]).toEqual([
      true,
      path,
      0,
      'none',
    ]);
    expect([countDescriptors(dirname(path)), countMappings(path)]).toEqual([0, 0]);
    expectBytes(view, Buffer.alloc(CONTENT.length));
    expect(await rejected(file.remove())).toBeInstanceOf(MmapClosedError);
  });

  test('twice at once removes once', async () => {
    const file = await open();
    const second = [file.remove(), file.remove()][1] as Promise<void>;
    expect(await rejected(second)).toBeInstanceOf(MmapClosedError);
    expect(fs.existsSync(file.path)).toBe(false);
  });

  test('waits for what was asked for before, and what is asked for later finds it closed', async () => {
    const file = await open();
    file.writeUInt8(255, 0);
    const copy = `${file.path}.copy`;
    const done = [file.truncate(20_000), file.flush(), file.writeToNewFile(copy), file.remove()];
    const late = [file.flush(), file.truncate(5), file.writeToNewFile(`${copy}.late`)];
    for (const each of await Promise.allSettled(late))
      expect(each).toMatchObject({ reason: { name: 'MmapClosedError', path: file.path } });
    await Promise.all(done);
    expect(fs.readdirSync(dirname(copy))).toEqual([basename(copy)]);
    expect(fs.readFileSync(copy)[0]).toBe(255);
    expect(fs.statSync(copy).size).toBe(20_000);
  });

  test('of many files of a directory at once removes those', async () => {
    const directory = tempDir();
    const names = Array.from({ length: 50 }, (_, index) => `${index}`);
    for (const name of names) fs.writeFileSync(join(directory, name), name);
    const odd = names.filter((name) => Number(name) % 2 === 1);
    const files = await Promise.all(
      odd.map((name) => AsyncMmapFileMut.open(join(directory, name))),
    );
    await Promise.all(files.map((file) => file.remove()));
    const even = names.filter((name) => !odd.includes(name));
    expect(fs.readdirSync(directory).sort()).toEqual(even.sort());
    expect(countDescriptors(directory)).toBe(0);
  });

  test.each([
    ['a string', (path: Buffer) => path.toString()],
    ['bytes', (path: Buffer) => path],
    ['a URL', (path: Buffer) => pathToFileURL(path.toString())],
  ])('removes what was opened by %s', async (_name, form) => {
    const directory = tempDir();
    const [path = '', beside = ''] = ODD.map((name) => join(directory, name));
    for (const each of [path, beside]) fs.writeFileSync(each, CONTENT);
    const file = await AsyncMmapFileMut.openExisting(form(Buffer.from(path)));
    await file.remove();
    expect(fs.readdirSync(dirname(path))).toEqual([basename(beside)]);
  });

  whereNamesAreBytes.test(
    'removes a name that is no UTF-8, and not the one that looks like it',
    async () => {
      const directory = tempDir();
      const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]);
      fs.writeFileSync(path, CONTENT);
      fs.writeFileSync(join(directory, '\ufffd\ufffd'), 'another');
      const file = await AsyncMmapFileMut.openExisting(path);
      await file.remove();
      expect(fs.readdirSync(directory, { encoding: 'buffer' })).toEqual([
        Buffer.from('\ufffd\ufffd'),
      ]);
    },
  );

  test('after process.chdir removes what was opened, by a name relative to where that was', async () => {
    const [path, other] = [tempFile(CONTENT), tempFile(CONTENT)];
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(dirname(path));
    const file = await AsyncMmapFileMut.openExisting('file.bin');
    const bytes = await AsyncMmapFileMut.create(Buffer.from('./made.bin'), { maxSize: 5 });
    process.chdir(dirname(other));
    fs.writeFileSync('made.bin', 'other');
    await file.remove();
    bytes.removeOnDispose = true;
    await bytes[Symbol.asyncDispose]();
    expect(fs.readdirSync(dirname(path))).toEqual([]);
    expect(fs.readdirSync(dirname(other)).sort()).toEqual(['file.bin', 'made.bin']);
  });

  test.each(['openCow', 'memory', 'anonymous'] as const)('of %s closes it', async (kind) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    const file =
      kind === 'openCow'
        ? await AsyncMmapFileMut.openCow(path)
        : kind === 'memory'
          ? AsyncMmapFileMut.memory(path)
          : AsyncMmapFileMut.anonymous(10);
    await file.remove();
    expect(file.isClosed).toBe(true);
    if (kind === 'openCow') expect(fs.existsSync(path)).toBe(false);
    else expect(snapshot(path)).toEqual(before);
  });
});

describe('what is at the path', () => {
  const meddlers: Record<string, [meddle: (path: string, aside: string) => void, says: RegExp]> = {
    'another file': [(path) => fs.writeFileSync(path, CONTENT), /another file/],
    'a directory': [(path) => fs.mkdirSync(path), /another file/],
    'a symbolic link to the file': [(path, aside) => fs.symlinkSync(aside, path), /symbolic link/],
    nothing: [() => {}, /nothing/],
  };

  for (const [name, [meddle, says]] of Object.entries(meddlers)) {
    const where = name.includes('symbolic') ? whereSymlinks.test : test;
    where(`by now, ${name}, is left alone, and remove can be called again`, async () => {
      await using file = await open();
      const { path } = file;
      const aside = join(dirname(path), 'aside');
      fs.renameSync(path, aside);
      meddle(path, aside);
      const names = fs.readdirSync(dirname(path));
      for (let attempt = 0; attempt < 2; ++attempt) {
        const error = await rejected(file.remove());
        expect(error).toBeInstanceOf(MmapIdentityError);
        expect(error).toMatchObject({ code: 'ERR_MMAP_IDENTITY', syscall: 'unlink', path });
        expect(error.message).toMatch(says);
      }
      expect(fs.readdirSync(dirname(path))).toEqual(names);
      expect(countDescriptors(dirname(path))).toBe(1);
      await expectUsable(file);
      fs.rmSync(path, { recursive: true, force: true });
      fs.renameSync(aside, path);
      await file.remove();
      expect(fs.readdirSync(dirname(path))).toEqual([]);
    });
  }

  whereDirectoriesInUseMove.test(
    'in another directory of the same name is left alone',
    async () => {
      const directory = join(tempDir(), 'directory');
      fs.mkdirSync(directory);
      const path = join(directory, 'file.bin');
      fs.writeFileSync(path, CONTENT);
      await using file = await AsyncMmapFileMut.open(path);
      fs.renameSync(directory, `${directory}.aside`);
      expect(await rejected(file.remove())).toMatchObject({
        code: 'ENOENT',
        syscall: 'open',
        path,
      });
      fs.mkdirSync(directory);
      fs.writeFileSync(path, 'other');
      expect(await rejected(file.remove())).toBeInstanceOf(MmapIdentityError);
      expect(fs.readFileSync(path, 'latin1')).toBe('other');
      await expectUsable(file);
      fs.rmSync(directory, { recursive: true });
      fs.symlinkSync(`${directory}.aside`, directory);
      await file.remove();
      expect(fs.readdirSync(`${directory}.aside`)).toEqual([]);
    },
  );
});

describe('removeOnDispose', () => {
  test('removes the file with "await using"; close does not', async () => {
    const path = tempFile(CONTENT);
    const closed = await AsyncMmapFileMut.open(path);
    expect(closed.removeOnDispose).toBe(false);
    closed.removeOnDispose = true;
    await closed.close();
    expect(fs.existsSync(path)).toBe(true);
    await closed[Symbol.asyncDispose]();
    expect(fs.existsSync(path)).toBe(true);
    {
      await using file = await AsyncMmapFileMut.open(path);
      file.removeOnDispose = true;
      file.removeOnDispose = false;
    }
    expect(fs.existsSync(path)).toBe(true);
    {
      await using file = await AsyncMmapFileMut.open(path);
      file.removeOnDispose = true;
    }
    expect(fs.existsSync(path)).toBe(false);
  });

  test('does what it can: what is not the file stays, and the handle is closed', async () => {
    const path = tempFile(CONTENT);
    let left: AsyncMmapFile;
    {
      await using file = await AsyncMmapFileMut.open(path);
      left = file;
      file.removeOnDispose = true;
      fs.renameSync(path, `${path}.aside`);
      fs.writeFileSync(path, 'other');
    }
    expect(left.isClosed).toBe(true);
    expect(fs.readFileSync(path, 'latin1')).toBe('other');
    expectBytes(fs.readFileSync(`${path}.aside`), CONTENT);
    expect(countDescriptors(dirname(path))).toBe(0);
    await (await AsyncMmapFileMut.open(`${path}.aside`)).close(); // nor is it locked
  });

  test('has to be a boolean', async () => {
    await using file = AsyncMmapFileMut.memory('memory');
    expect(() => Object.assign(file, { removeOnDispose: 1 })).toThrow(TypeError);
  });
});
