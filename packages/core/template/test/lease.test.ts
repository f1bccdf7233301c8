import { expect, test } from 'vitest';
import { startHolder } from '../../test/helpers/holder.js';
import { whereLeases } from '../../test/helpers/platform.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(10_000);

whereLeases.test(
  'opening waits until who has a lease on the file gives it up, and not on the event loop',
  async () => {
    const path = tempFile(CONTENT);
    const holder = startHolder('lease', path);
    await holder.said();
    const opening = AsyncMmapFile.open(path);
    expect(await holder.said()).toBe('asked'); // which the loop has heard while the open waits
    holder.letGo();
    await using file = await opening;
    expect(file.length).toBe(CONTENT.length);
  },
);

whereLeases.test('a signal ends the wait', async () => {
  const path = tempFile(CONTENT);
  const holder = startHolder('lease', path);
  await holder.said();
  const controller = new AbortController();
  const opening = rejected(AsyncMmapFileMut.open(path, { signal: controller.signal }));
  await holder.said();
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await opening).toBe(reason);
});

test("lock: 'none' takes none", async () => {
  const path = tempFile(CONTENT);
  await using locked = await AsyncMmapFileMut.open(path);
  await using other = await AsyncMmapFile.open(path, { lock: 'none' });
  expect([locked.lockState, other.lockState]).toEqual(['exclusive', 'none']);
  expect(other.readUInt8(7)).toBe(CONTENT[7]);
});
