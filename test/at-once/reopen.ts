// A file is copied from and written to repeatedly while it is being reopened.
import * as fs from 'node:fs';
import type * as node from '@fmmap/node';
import { attempt, BYTE, expect, finish, flavour, makeFile, options, step } from './program.js';

const { AsyncMmapFileMut }: typeof node = await import(`@fmmap/${flavour}`);

const [megabytes = '16', rounds = '60', isShared] = options;
const LENGTH = Number(megabytes) * 2 ** 20;
const file = await AsyncMmapFileMut.open(makeFile('file', LENGTH));
if (isShared) file.share();
const wanted = Buffer.alloc(LENGTH, BYTE);

for (let round = 0; round < Number(rounds); ++round) {
  let isOver = false;
  const reopened = file.reopen().then(() => {
    isOver = true;
  });
  do {
    const copy = attempt(() => file.copyBytes());
    if (copy) expect(copy.equals(wanted), `round ${round}: a copy holds other bytes`);
    const at = (round * 7919 * 4096) % LENGTH;
    const one = attempt(() => file.readUInt8(at));
    expect(one === undefined || one === BYTE, `round ${round}: a byte is ${one}`);
    expect(!file.isFaulted, `round ${round}: it is faulted`);
    await new Promise(setImmediate);
  } while (!isOver);
  await reopened;
}

for (let round = 0; round < Number(rounds); ++round) {
  step(`write in round ${round}`);
  const bytes = Buffer.alloc(LENGTH, 1 + (round % 255));
  const reopened = file.reopen();
  const isWritten = attempt(() => {
    file.writeAll(bytes);
    return true;
  });
  await reopened;
  if (!isWritten) continue;
  const found = fs.readFileSync(file.path);
  expect(found.equals(bytes), `round ${round}: what was written is not in the file`);
}
await file.close();
finish();
