import * as fs from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MmapError } from '../../src/index.js';
import { BELOW_FILE } from '../../test/helpers/platform.js';
import { tempDir, tempFile } from '../../test/helpers/temp.js';
import { syncDirectory, syncParentDirectory } from '../directory.js';
import { expectArgumentRejection, rejected } from './rejections.js';

describe.each(Object.entries({ syncDirectory, syncParentDirectory }))('%s', (name, sync) => {
  const isParent = name === 'syncParentDirectory';

  test('takes a path in every form, and gives a promise of nothing', async () => {
    const directory = tempDir();
    const path = isParent ? join(directory, 'need not be there') : directory;
    for (const form of [path, Buffer.from(path), pathToFileURL(path), `${path}/`]) {
      const promise = sync(form);
      expect(promise).toBeInstanceOf(Promise);
      expect(await promise).toBeUndefined();
    }
    await Promise.all(Array.from({ length: 20 }, () => sync(path)));
  });

  test('is rejected with what the system says', async () => {
    const path = tempFile('text');
    for (const [below, code] of [
      [join(path, 'below'), BELOW_FILE],
      [join(`${path}.none`, 'below'), 'ENOENT'],
    ] as const) {
      const error = await rejected(sync(isParent ? join(below, 'name') : below));
      expect(error).toBeInstanceOf(MmapError);
      expect(error).toMatchObject({ code, path: below });
      expect(error.stack).toContain('directory.test');
    }
  });

  test('is rejected for what is no path, and for a signal that is aborted', async () => {
    for (const bad of [undefined, null, 5, {}, [], true]) {
      await expectArgumentRejection(() => sync(bad as never), 'path');
    }
    await expectArgumentRejection(() => sync('a\0b'), 'path');
    await expectArgumentRejection(() => sync('.', { nonsense: 1 } as never), 'nonsense');
    const error = await rejected(sync('.', { signal: AbortSignal.abort(new Error('mine')) }));
    expect(error.message).toBe('mine');
    expect(fs.readdirSync(tempDir())).toEqual([]);
  });
});
