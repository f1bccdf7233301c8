import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapIdentityError, MmapUnsupportedError } from '../../src/index.js';
import { whereOpenFilesAreReplaced } from '../../test/helpers/platform.js';
import { pattern, snapshot, tempDir, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const OLD = pattern(10_000);
const NEW = OLD.map((byte) => byte ^ 0xff) as Buffer;

describe('writeToNewFile with replace', () => {
  whereOpenFilesAreReplaced.test(
    'leads the path to the copy, and leaves the old file to those who have it',
    async () => {
      const path = tempFile(OLD);
      await using old = await AsyncMmapFile.open(path, { lock: 'none' });
      await using file = await AsyncMmapFileMut.openCow(path);
      file.writeAll(NEW);
      await file.writeToNewFile(path, { replace: true });
      expect(fs.readFileSync(path).equals(NEW)).toBe(true);
      expect(old.copyBytes().equals(OLD)).toBe(true);
      expect((await old.stat()).nlink).toBe(0);
      await file.writeToNewFile(path, 10, 20, { replace: true });
      expect(fs.readFileSync(path).equals(NEW.subarray(10, 30))).toBe(true);
      await file.writeToNewFile(path, 10, undefined, { replace: true });
      expect(fs.readFileSync(path).equals(NEW.subarray(10))).toBe(true);
      expect(fs.readdirSync(dirname(path))).toHaveLength(1);
    },
  );

  whereOpenFilesAreReplaced.test(
    'replaces one file only, if it is given, of whatever class',
    async () => {
      const path = tempFile(OLD);
      await using file = AsyncMmapFile.memory('memory', NEW);
      await using itself = await AsyncMmapFileMut.open(path);
      itself.writeUInt8(7, 0);
      await itself.writeToNewFile(path, { replace: itself });
      expect(fs.readFileSync(path)[0]).toBe(7);
      const error = await rejected(file.writeToNewFile(path, { replace: itself }));
      expect(error).toBeInstanceOf(MmapIdentityError);
      expect(error).toMatchObject({ reason: 'replaced', dest: path });
      using sync = MmapFile.open(path);
      await file.writeToNewFile(path, 0, 5, { replace: sync });
      expect(fs.readFileSync(path).equals(NEW.subarray(0, 5))).toBe(true);
      fs.unlinkSync(path);
      expect(await rejected(file.writeToNewFile(path, { replace: itself }))).toMatchObject({
        reason: 'missing',
      });
      expect(await rejected(file.writeToNewFile(path, { replace: file }))).toBeInstanceOf(
        MmapUnsupportedError,
      );
      expect(fs.readdirSync(dirname(path))).toEqual([]);
    },
  );

  test('is rejected for what is no file, and for other options', async () => {
    const path = tempFile(OLD);
    const before = snapshot(path);
    await using file = AsyncMmapFile.memory('memory', NEW);
    for (const bad of [null, 0, 'true', {}, []]) {
      await expectArgumentRejection(
        () => file.writeToNewFile(path, { replace: bad as never }),
        'replace',
      );
    }
    await expectArgumentRejection(() => file.writeToNewFile(path, { x: 1 } as never), 'x');
    const both = { replace: true } as never;
    await expectArgumentRejection(() => file.writeToNewFile(path, both, 5), 'offset');
    const aborted = { replace: true, signal: AbortSignal.abort(new Error('mine')) };
    expect(await rejected(file.writeToNewFile(path, aborted))).toHaveProperty('message', 'mine');
    const directory = await rejected(file.writeToNewFile(tempDir(), { replace: true }));
    expect(directory).toMatchObject({ code: 'EISDIR' });
    expect(snapshot(path)).toEqual(before);
  });
});
