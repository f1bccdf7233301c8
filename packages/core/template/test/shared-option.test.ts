import { describe, expect, test } from 'vitest';
import { MmapUnsupportedError } from '../../src/index.js';
import { noOptions } from '../../test/helpers/option-objects.js';
import { beforeOptions, staticsOf } from '../../test/helpers/statics.js';
import { pattern, snapshot, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { expectArgumentRejection, failure } from './rejections.js';

const CONTENT = pattern(5000);
const classes = { AsyncMmapFile, AsyncMmapFileMut };

const ways = Object.entries(classes).flatMap(([name, type]) =>
  staticsOf(type)
    .filter((method) => !(method === 'openExec' && type === AsyncMmapFileMut))
    .map((method) => ({ name, method, type: type as unknown as Record<string, Make> })),
);

type Made = AsyncMmapFile | Promise<AsyncMmapFile>;
type Make = (...args: unknown[]) => Made;

async function make(
  { type, method }: (typeof ways)[number],
  path: string,
  source: AsyncMmapFile<ArrayBufferLike>,
  ...options: unknown[]
): Promise<AsyncMmapFile> {
  const args = beforeOptions[method]?.(path, () => source.share()) ?? [];
  return await (type[method] as Make)(...args, ...options);
}

describe.each(ways)('$name.$method', (way) => {
  test('takes "shared", and has views of its own otherwise', async () => {
    await using source = AsyncMmapFileMut.memory('m', CONTENT, { shared: true });
    for (const none of [[], [{}], [{ shared: undefined }], [{ shared: false }]]) {
      await using file = await make(way, tempFile(CONTENT), source, ...none);
      expect(file._mapping.shared).toBe(false);
    }
    await using file = await make(way, tempFile(CONTENT), source, { shared: true });
    expect(file._mapping.shared).toBe(true);
  });

  test('refuses what is no boolean, and other options, before anything is done', async () => {
    await using source = AsyncMmapFileMut.memory('m', CONTENT);
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    for (const shared of [null, 0, 1, 'true', {}, Object(true)]) {
      await expectArgumentRejection(() => make(way, path, source, { shared }), 'shared');
    }
    for (const [what, bad] of Object.entries(noOptions)) {
      const argument = what.includes('signal') ? 'aborted' : 'options';
      await expectArgumentRejection(() => make(way, path, source, bad), argument);
    }
    await expectArgumentRejection(() => make(way, path, source, { share: 1 }), 'share');
    expect(snapshot(path)).toEqual(before);
  });

  test('refuses it with detachOnClose, which shared memory has not', async () => {
    const detachOnClose = true;
    await using source = AsyncMmapFileMut.memory('m', CONTENT, { detachOnClose });
    const options = { shared: true, ...(way.method !== 'attach' && { detachOnClose }) };
    const path = tempFile(CONTENT);
    expect(await failure(() => make(way, path, source, options))).toBeInstanceOf(
      MmapUnsupportedError,
    );
    await (await make(way, path, source, { ...options, shared: false })).close();
  });
});

test.each(['freeze', 'freezeExec'] as const)('%s keeps it', async (freeze) => {
  for (const shared of [true, false]) {
    const file = await AsyncMmapFileMut.openExisting(tempFile(CONTENT), { shared });
    await using frozen = await file[freeze]();
    expect(frozen._mapping.shared).toBe(shared);
  }
});
