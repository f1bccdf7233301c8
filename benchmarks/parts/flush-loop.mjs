// Flushing changed pages: the effect on the event loop.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFileMut } from '@fmmap/core';
import * as node from '@fmmap/node';
import * as stream from '@fmmap/stream';
import * as worker from '@fmmap/worker';

import { watchLoop } from '../lib/delay.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const size = part.pick(2 ** 26, 2 ** 29);
const path = join(part.directory, 'changed');
const options = { maxSize: size, allocate: true };
let turn = 0;

const measured = (create) => async () => {
  const file = await create();
  turn = (turn + 1) % 256;
  file.fill(turn);
  const { time, p99, longest } = await watchLoop(() => file.flush());
  await file.close();
  fs.unlinkSync(path);
  return { value: time, more: { 'loop delay p99, ms': p99, 'longest, ms': longest } };
};

const contenders = { 'fmmap, sync': measured(() => MmapFileMut.create(path, options)) };
for (const [name, { AsyncMmapFileMut }] of Object.entries({ node, worker, stream })) {
  contenders[`@fmmap/${name}`] = measured(() => AsyncMmapFileMut.create(path, options));
}
const name = `${size / 2 ** 20} MiB`;
const rounds = part.pick(1, 3);
part.finish({
  title: 'A flush, and the event loop',
  about: `Milliseconds to flush a change of every page, and how long the event loop was held up. ${rounds} rounds.`,
  tables: [await race({ name, unit: 'ms in all', reference: 'fmmap, sync', rounds, contenders })],
});
