// What the channels of node:diagnostics_channel cost.
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MmapFile } from '@fmmap/core';

import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const OPENS = part.pick(2_000, 20_000);
const CHECKS = part.pick(1_000_000, 20_000_000);
const NAMES = ['fmmap:open', 'fmmap:close', 'fmmap:flush', 'fmmap:fault'];

const path = join(part.directory, 'diagnostics');
writeFileSync(path, new Uint8Array(4096));
let heard = 0;
const hear = () => {
  heard += 1;
};

function open() {
  const started = performance.now();
  for (let n = 0; n < OPENS; n += 1) {
    const file = MmapFile.open(path);
    file.readUInt8(0);
    file.close();
  }
  return { value: ((performance.now() - started) * 1e3) / OPENS, check: OPENS };
}

function openHeard() {
  for (const name of NAMES) subscribe(name, hear);
  heard = 0;
  const result = open();
  for (const name of NAMES) unsubscribe(name, hear);
  return { ...result, check: heard / 2 };
}

/** Nanoseconds a turn. */
function loop(turn) {
  const started = performance.now();
  let sum = 0;
  for (let n = 0; n < CHECKS; n += 1) sum += turn(n);
  return { value: ((performance.now() - started) * 1e6) / CHECKS, check: sum };
}

const opens = channel('fmmap:open');
const { rounds } = part;
const tables = [
  await race({
    name: 'open, read one byte, close, 4 KiB',
    unit: 'µs',
    reference: 'nobody listens',
    rounds,
    contenders: { 'nobody listens': open, 'a subscriber of every channel': openHeard },
  }),
  await race({
    name: 'what a call asks of a channel',
    unit: 'ns',
    reference: 'an empty loop',
    rounds,
    contenders: {
      'an empty loop': () => loop((n) => n & 1),
      'whether anybody listens': () => loop((n) => (opens.hasSubscribers ? 0 : n & 1)),
    },
  }),
];

part.finish({
  title: 'Diagnostics',
  about:
    'While nobody listens, all that an open, a flush or a close does is to ask whether anybody does, which is the second table. With a subscriber, each takes the time and makes a message, and with one of `fmmap:fault`, each file is watched.',
  tables,
});
