// A file that is open already, which its owner may close at any time after the call.
import * as fs from 'node:fs';
import { devNull } from 'node:os';
import { describe, expect, test } from 'vitest';
import { MmapUnsupportedError } from '../../src/index.js';
import { expectBytes } from '../../test/helpers/bytes.js';
import { countDescriptors } from '../../test/helpers/process.js';
import { pattern, snapshot, tempDir, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { openers } from './openers.js';
import { expectArgumentRejection, rejected } from './rejections.js';

const CONTENT = pattern(10_000);

describe.each(Object.entries(openers))('%s', (name, { open }) => {
  test('maps the file of a descriptor that is closed, and used again, right after the call', async () => {
    const path = tempFile(CONTENT);
    const other = tempFile('another');
    const descriptor = fs.openSync(path, 'r+');
    const opening = open(descriptor, { offset: 5 });
    fs.closeSync(descriptor);
    const next = fs.openSync(other, 'r+'); // which gets the same number
    await using file = await opening;
    fs.closeSync(next);
    expect(file).toMatchObject({ path: '', length: CONTENT.length - 5 });
    expectBytes(file.asBuffer(), CONTENT.subarray(5));
    expect(countDescriptors(path)).toBe(1);
    await file.reopen();
    await file.close();
    expect(countDescriptors(path)).toBe(0);
  });

  test('maps the file of a FileHandle, and waits for its lock without keeping it open', async () => {
    const path = tempFile(CONTENT);
    const handle = await fs.promises.open(path, 'r+');
    const holder = await AsyncMmapFileMut.open(handle);
    const opening = open(handle, { lockTimeout: 20_000 });
    await handle.close();
    expect(await rejected(open(handle))).toMatchObject({ name: 'MmapError', code: 'EBADF' });
    await holder.flush();
    await holder.close();
    await using file = await opening;
    expectBytes(file.asBuffer(), CONTENT);
    expect(countDescriptors(path)).toBe(1);
  });

  test('refuses what cannot be mapped, and leaves nothing', async () => {
    const path = tempFile(CONTENT);
    const before = [snapshot(path), countDescriptors(path)];
    const codes: [string, string, string][] = [
      [path, 'a', 'EACCES'],
      [tempDir(), 'r', 'EISDIR'],
      [devNull, 'r+', 'ENODEV'],
    ];
    if (name.includes('Mut.open') && !name.includes('Cow')) codes.push([path, 'r', 'EACCES']);
    for (const [file, flags, code] of codes) {
      const descriptor = fs.openSync(file, flags);
      const error = await rejected(open(descriptor));
      expect(error).toMatchObject({ name: 'MmapError', code, path: `descriptor ${descriptor}` });
      fs.closeSync(descriptor);
      expect(await rejected(open(descriptor))).toMatchObject({ code: 'EBADF' });
    }
    const handle = await fs.promises.open(path, 'r+');
    await using holder = await AsyncMmapFileMut.open(path);
    for (const options of [{}, { lockTimeout: 5 }])
      expect(await rejected(open(handle, options))).toMatchObject({ name: 'MmapLockError' });
    const { signal } = new AbortController();
    await expectArgumentRejection(() => open(handle, { signal, offset: -1 }), 'offset');
    await holder.close();
    await handle.close();
    expect([snapshot(path), countDescriptors(path)]).toEqual(before);
  });
});

test('without a path there is nothing to remove', async () => {
  const path = tempFile(CONTENT);
  const before = snapshot(path);
  const handle = await fs.promises.open(path, 'r+');
  const file = await AsyncMmapFileMut.open(handle);
  const attached = AsyncMmapFileMut.attach(file.share());
  for (const one of [file, attached]) {
    expect(await rejected(one.remove())).toBeInstanceOf(MmapUnsupportedError);
    expect(() => {
      one.removeOnDispose = true;
    }).toThrow(MmapUnsupportedError);
    expect([one.isClosed, one.path]).toEqual([false, '']);
  }
  await file[Symbol.asyncDispose]();
  await handle.close();
  expect(snapshot(path)).toEqual(before);
});

test('a new file has a path', async () => {
  const handle = await fs.promises.open(tempFile(CONTENT), 'r+');
  await expectArgumentRejection(() => AsyncMmapFileMut.create(handle as never), 'path');
  await expectArgumentRejection(() => AsyncMmapFileMut.create(handle.fd as never), 'path');
  await expectArgumentRejection(() => AsyncMmapFileMut.open(handle, { createNew: true }), 'path');
  await handle.close();
});
