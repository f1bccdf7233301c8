import { expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { GARBAGE } from '../helpers/garbage.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';
import { SHARED } from '../helpers/wasm.js';

// What keeps what: the file in the memory of code, and the memory of a file.

const CONTENT = pattern(20 * 4096);
const PRELUDE = `
  ${SHARED} ${GARBAGE} ${THREADS.replace('const collect =', 'const collectThere =')}
  process.removeAllListeners('warning').on('warning', () => {});
  /** Address space that memories have reserved: many times what they are. */
  const reserved = () => Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4096;
`;
const told = (source: string) =>
  hear(`${PRELUDE} ${source}`, { args: [tempFile(CONTENT)], timeout: 60_000 });

test('code goes on with a file when memory, file and range were dropped', async () => {
  const said = await told(`
    globalThis.at = 0;
    const code = await apart(() => {
      const memory = sharedMemory(1);
      at = MmapFile.open(args[0]).mapInto(memory, 5).address;
      return over(memory);
    });
    await collect();
    say([code.load(at), code.load(at + 10000), mappings() > 0]);`);
  expect(said).toEqual([[CONTENT[5], CONTENT[10_005], true]]);
});

test('the memory stays as long as the file is in it', async () => {
  const said = await told(`
    const file = MmapFileMut.openExisting(args[0]);
    await apart(() => { file.mapInto(sharedMemory(1)); });
    await collect();
    say(mappings());
    file.fill(1);
    file.truncate(0);
    file.truncate(50000);
    file.close();
    await collect();
    say(mappings());`);
  expect(said).toEqual([2, 0]);
});

test('nothing is left of memories and files that were dropped', async () => {
  const said = await told(`
    const use = () => { const memory = sharedMemory(1); MmapFile.open(args[0]).mapInto(memory); over(memory).load(0); };
    await apart(use);
    await collect();
    const before = [descriptors(), reserved()];
    for (let round = 0; round < 60; ++round) { await apart(use); if (round % 10 === 9) await collect(); }
    await until(() => mappings() === 0);
    // As many as the binding keeps for later at most, of 8 GiB and more each.
    say([descriptors() - before[0], reserved() - before[1] < 15 * 2 ** 34]);`);
  expect(said).toEqual([[0, true]]);
});

test('nothing is left of ranges that were released, and of files that were closed', async () => {
  const said = await told(`
    const memory = sharedMemory(1);
    for (const way of ['release', 'close']) {
      for (let round = 0; round < 2000; ++round) {
        const file = MmapFile.open(args[0]);
        const range = file.mapInto(memory);
        if (way === 'release') range.release();
        file.close();
        range.release();
      }
    }
    say([memory.buffer.byteLength / 65536, mappings()]);`);
  expect(said).toEqual([[3, 0]]);
});

test('arrays over the memory have the file while the memory is there', async () => {
  const said = await told(`
    const memory = sharedMemory(1);
    const array = await apart(() => {
      const { address, length } = MmapFile.open(args[0]).mapInto(memory);
      return new Uint8Array(memory.buffer, address, length);
    });
    await collect();
    say([array[5], array.length]);`);
  expect(said).toEqual([[CONTENT[5], CONTENT.length]]);
});
