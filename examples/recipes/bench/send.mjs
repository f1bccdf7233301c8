// Sends 20,000 messages each time it is told to, the way it is told: `fork('send.mjs', [PATH, CAPACITY])`.
import { RingBuffer } from '../dist/ring-buffer.js';

const [path, capacity] = process.argv.slice(2);
const ring = new RingBuffer(path, Number(capacity));
const message = Buffer.alloc(100, 'x');

process.on('message', async (way) => {
  for (let n = 0; n < 20_000; ++n) {
    if (way === 'ring') await ring.send(message);
    else process.send(message);
  }
});
