// Adds 1 to a number so many times: `node count.mjs PATH COUNT`.
import { setImmediate } from 'node:timers/promises';
import { withLock } from '@fmmap/recipes/wait-for-lock';

const [path, count] = process.argv.slice(2);
for (let n = 0; n < Number(count); ++n) {
  await withLock(path, async (file) => {
    const value = file.readUInt32LE(0);
    await setImmediate();
    file.writeUInt32LE(value + 1, 0);
  });
}
