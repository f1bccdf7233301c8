// Stores 1 into the first word of a file, and notifies who waits for it: `node notify.mjs PATH`.
import { MmapFileMut } from '@fmmap/core';

const file = MmapFileMut.openExisting(process.argv[2], { lock: 'shared', shared: true });
const words = file.array(Int32Array);
Atomics.store(words, 0, 1);
console.log(`${Atomics.notify(words, 0)} were woken`);
file.close();
