// Views of ranges of a file, and what they cost the collector.
import { MmapFile } from '@fmmap/core';

import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const length = 2 ** 30;
const COUNT = part.pick(20_000, 200_000);
const SIZE = 2 ** 16;

const file = MmapFile.open(part.big, { length });
const whole = file.asBuffer();
const heap = Buffer.alloc(2 ** 26);

/** Microseconds per view of 64 KiB. */
const each = (range, make) => () => {
  let check = 0;
  const started = performance.now();
  for (let n = 0; n < COUNT; n += 1) check += make((n * 7919 * 64) % (range - SIZE)).length;
  return { value: ((performance.now() - started) * 1e3) / COUNT, check };
};

const contenders = {
  'Buffer.subarray, of a heap Buffer': each(heap.length, (at) => heap.subarray(at, at + SIZE)),
  'Buffer.subarray, of one view of all': each(length, (at) => whole.subarray(at, at + SIZE)),
  'file.bytes': each(length, (at) => file.bytes(at, SIZE)),
  'file.array, Float64Array': each(length, (at) => {
    const { byteLength } = file.array(Float64Array, at - (at % 8), SIZE / 8);
    return { length: byteLength };
  }),
  'file.copyBytes': each(length, (at) => file.copyBytes(at, SIZE)),
  'new ArrayBuffer(8), to compare': each(length, () => ({
    length: SIZE,
    made: new ArrayBuffer(8),
  })),
};
const { rounds } = part;
const name = 'views of 64 KiB';
const reference = 'Buffer.subarray, of a heap Buffer';
const table = await race({ name, unit: 'µs', reference, rounds, contenders });
file.close();

part.finish({
  title: 'Views',
  about:
    'Microseconds a view, with what the collector takes for those before it. A view of a range is an ArrayBuffer of its own, of exactly these bytes, which V8 does not count; a `subarray` shares the buffer of the whole file.',
  tables: [table],
});
