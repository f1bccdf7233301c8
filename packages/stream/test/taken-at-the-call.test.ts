import { describe, expect, test } from 'vitest';
import { noOptions, optionsFrom } from '../../core/test/helpers/option-objects.js';
import { pattern } from '../../core/test/helpers/temp.js';
import type { AsyncMmapFileMut } from '../src/index.js';
import { collect, expectArgumentError, opened } from './helpers/files.js';

const content = pattern(10_000);

type Take = (file: AsyncMmapFileMut, options: never) => unknown;

const takers: Record<string, Take> = {
  readable: (file, options) => file.readable(options),
  writable: (file, options) => file.writable(options),
  lines: (file, options) => file.lines(options),
};

describe.each(Object.entries(takers))('%s', (_name, take) => {
  test('reads options as fs does', async () => {
    const file = await opened(content);
    for (const from of Object.values(optionsFrom)) {
      take(file, from('offset', 5) as never);
      take(file, from('offset', -0) as never);
      expectArgumentError(() => take(file, from('offset', 10_001) as never), 'offset');
    }
  });

  test('refuses what holds none, and one that it does not take', async () => {
    const file = await opened(content);
    for (const [what, bad] of Object.entries(noOptions)) {
      const argument = what.includes('signal') ? 'aborted' : 'options';
      expectArgumentError(() => take(file, bad as never), argument);
    }
    expectArgumentError(() => take(file, { offest: 5 } as never), 'offest');
  });
});

test('what the options say at the call is what counts', async () => {
  const file = await opened(content);
  const options = { offset: 100, length: 1000, chunkSize: 300, copy: true };
  const stream = file.readable(options);
  Object.assign(options, { offset: -1, length: -1, chunkSize: -1, copy: 'no' });
  const chunks = await collect(stream);
  expect(chunks.map(({ length }) => length)).toEqual([300, 300, 300, 100]);
  expect(Buffer.concat(chunks).equals(content.subarray(100, 1100))).toBe(true);
});
