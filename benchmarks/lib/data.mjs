import * as fs from 'node:fs';

const BLOCK = 2 ** 24;

function* random() {
  let x = 2463534242;
  for (;;) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x >>> 0;
  }
}

function writeBlocks(path, size, change) {
  const block = Buffer.alloc(Math.min(BLOCK, size));
  const file = fs.openSync(path, 'w');
  for (let at = 0; at < size; at += block.length) {
    change(block, at);
    fs.writeSync(file, block);
  }
  fs.closeSync(file);
}

/**
 * Printable bytes (so that any eight of them are an ordinary number); the last 16 of each block
 * occur only once.
 */
export function writeBig(path, size) {
  const numbers = random();
  writeBlocks(path, size, (block, at) => {
    if (at === 0)
      for (let n = 0; n < block.length; n += 1) block[n] = 0x20 + (numbers.next().value % 64);
    block.write(`(${at})`.padEnd(16, '@'), block.length - 16, 'latin1');
  });
}

/** Lines of 0 to 90 characters. */
export function writeText(path, size) {
  const numbers = random();
  writeBlocks(path, size, (block, at) => {
    if (at > 0) return;
    for (let n = 0; n < block.length; ) {
      const end = Math.min(n + (numbers.next().value % 91), block.length - 1);
      while (n < end) block[n++] = 0x61 + (numbers.next().value % 26);
      block[n++] = 10;
    }
  });
}

/** The bytes at the end of the first `length` bytes of `writeBig`, which occur nowhere before. */
export const needleAt = (length) => `(${length - BLOCK})`.padEnd(16, '@');
