// Adds to an index until it is killed, and prints a character after each: `node add-to-index.mjs PATH`.
import { writeSync } from 'node:fs';
import { HashIndex } from '@fmmap/recipes/hash-index';

const index = new HashIndex(process.argv[2]);
for (let n = 0; ; ++n) {
  index.add(BigInt(n + 1) * 2n ** 32n + BigInt(n % 7), BigInt(n));
  writeSync(1, '.');
}
