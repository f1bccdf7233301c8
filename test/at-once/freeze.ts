// Writes to a file while it is being frozen.
import * as fs from 'node:fs';
import type * as node from '@fmmap/node';
import { attempt, BYTE, expect, finish, flavour, makeFile, PAGE, refusal } from './program.js';

const { AsyncMmapFileMut }: typeof node = await import(`@fmmap/${flavour}`);

const ROUNDS = 300;
const LENGTH = 16 * PAGE;
const OTHER = 0x55;

for (let round = 0; round < ROUNDS; ++round) {
  const file = await AsyncMmapFileMut.open(makeFile('file', LENGTH));
  const wanted = Buffer.alloc(LENGTH, BYTE);
  let isOver = false;
  const freezing = (round % 2 === 0 ? file.freeze() : file.freezeExec()).finally(() => {
    isOver = true;
  });
  const refused: number[] = [];
  for (let at = 0; at < LENGTH && !isOver; at += 1000) {
    if (attempt(() => file.writeUInt8(OTHER, at)) === undefined) refused.push(at);
    else wanted[at] = OTHER;
    const count = attempt(() => file.write(Buffer.of(OTHER), at + 1));
    if (count === undefined) refused.push(at + 1);
    else wanted[at + 1] = OTHER;
    if (round % 4 < 2) await new Promise(setImmediate);
  }
  const frozen = await freezing;
  const why = await refusal(() => frozen.checkFault());
  expect(why === '', `round ${round}: the frozen file is refused with ${why}`);
  const found = fs.readFileSync(file.path);
  // A refused write may have reached the file all the same.
  for (const at of refused) wanted[at] = found[at] ?? 0;
  expect(found.equals(wanted), `round ${round}: a write is lost`);
  const copy = attempt(() => frozen.copyBytes());
  expect(copy?.equals(wanted) === true, `round ${round}: the frozen file shows other bytes`);
  await frozen.close();
}
finish();
