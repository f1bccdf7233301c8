// Elements from many offsets at once.
import { MmapFile } from '@fmmap/core';

import { runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const length = 2 ** 30;
const COUNT = part.pick(200_000, 2_000_000);

/** The offsets of the C program. */
function randomOffsets() {
  let state = 2463534242;
  return Uint32Array.from({ length: COUNT }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % (length - 16);
  });
}

const file = MmapFile.open(part.big, { length });
file.prefetch();
const bytes = file.asBuffer();
const view = new DataView(bytes.buffer, bytes.byteOffset, length);
const offsets = randomOffsets();
const target = new Uint32Array(COUNT);
const sum = () => target.reduce((total, value) => total + value, 0);

/** Nanoseconds per element. */
const each = (copy) => () => {
  target.fill(0);
  const started = performance.now();
  copy();
  return { value: ((performance.now() - started) * 1e6) / COUNT, check: sum() };
};

const contenders = {
  'bare DataView, a loop': each(() => {
    for (let n = 0; n < COUNT; n += 1) target[n] = view.getUint32(offsets[n], true);
  }),
  'fmmap, a loop of readUInt32LE': each(() => {
    for (let n = 0; n < COUNT; n += 1) target[n] = file.readUInt32LE(offsets[n]);
  }),
  'Buffer, a loop of readUInt32LE': each(() => {
    for (let n = 0; n < COUNT; n += 1) target[n] = bytes.readUInt32LE(offsets[n]);
  }),
  'fmmap, file.gather': each(() => file.gather(target, offsets)),
};
if (part.baseline) {
  contenders.C = () => runBaseline(part.baseline, 'gather', part.big, length, COUNT);
}
const { rounds } = part;
const reference = 'bare DataView, a loop';
const name = `${COUNT} words of 1 GiB`;
const table = await race({ name, unit: 'ns', reference, rounds, contenders });
file.close();

const goal = { table: name, contender: 'fmmap, file.gather' };
part.finish({
  title: 'Elements from many offsets',
  about:
    'Nanoseconds an element that is copied from a random offset, in memory and mapped. C asks for each sixteen elements ahead.',
  tables: [table],
  goals: [
    { ...goal, most: 0.3, than: reference },
    ...(part.baseline ? [{ ...goal, most: 1.1, than: 'C' }] : []),
  ],
});
