// Sends so many messages: `node send.mjs PATH COUNT`.
import { RingBuffer } from '@fmmap/recipes/ring-buffer';

const [path, count] = process.argv.slice(2);
const ring = new RingBuffer(path, 1000);
const signal = AbortSignal.timeout(20_000);
for (let n = 0; n < Number(count); ++n) await ring.send(Buffer.alloc(n % 253, `${n} `), signal);
ring.close();
console.log('sent');
