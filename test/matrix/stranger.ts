// Another process: it takes the lock of a file and releases it after a while, and cuts files.
import * as fs from 'node:fs';
import { createInterface } from 'node:readline';
import { MmapFileMut } from '@fmmap/core';

/** In milliseconds. */
const HOLD = 15;

type Order = 'open' | 'cut' | 'lock';

/** The file that is going to be cut, whose name may be gone by then. */
let file: number | undefined;

function obey(order: Order, path: string, size: number): void {
  if (order === 'open') file = fs.openSync(path, 'r+');
  if (order === 'cut' && file !== undefined) {
    fs.ftruncateSync(file, size);
    fs.closeSync(file);
  }
  if (order === 'lock') {
    const locked = MmapFileMut.openExisting(path);
    setTimeout(() => locked.close(), HOLD);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [order, path, size] = JSON.parse(line) as [Order, string, number];
  let answer = 'done';
  try {
    obey(order, path, size);
  } catch (error) {
    answer = String(error);
  }
  fs.writeSync(1, `${JSON.stringify(answer)}\n`);
}
