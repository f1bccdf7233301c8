// Another process: for each path that it is sent, cuts the file there, and may let it grow again.
import { truncateSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SIZE } from './calls.mjs';
import { randomFrom } from './random.mjs';

const random = randomFrom(Number(process.argv[2]));
for await (const path of createInterface({ input: process.stdin })) {
  try {
    truncateSync(path, random.below(SIZE));
    if (random.chance(0.5)) truncateSync(path, SIZE);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // removed meanwhile
  }
}
