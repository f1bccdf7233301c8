// What keeps what alive: the file in the memory of WebAssembly code, and the memory of a file.
const fs = require('node:fs');
const { apart, collect, until } = require('../garbage.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { descriptors, mappings } = require('../counts.cjs');
const { over, sharedMemory } = require('../wasm.cjs');

process.removeAllListeners('warning').on('warning', () => {});

/** Address space that memories reserve: many times their size. */
const reserved = () => Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4096;

exports.dropped = async (path) => {
  let at = 0;
  const code = await apart(() => {
    const memory = sharedMemory(1);
    at = MmapFile.open(path).mapInto(memory, 5).address;
    return over(memory);
  });
  await collect();
  say([code.load(at), code.load(at + 10000), mappings(path) > 0]);
};

exports.memoryStays = async (path) => {
  const file = MmapFileMut.openExisting(path);
  await apart(() => {
    file.mapInto(sharedMemory(1));
  });
  await collect();
  say(mappings(path));
  file.fill(1);
  file.truncate(0);
  file.truncate(50000);
  file.close();
  await collect();
  say(mappings(path));
};

exports.nothingLeft = async (path) => {
  const use = () => {
    const memory = sharedMemory(1);
    MmapFile.open(path).mapInto(memory);
    over(memory).load(0);
  };
  await apart(use);
  await collect();
  const before = [descriptors(), reserved()];
  for (let round = 0; round < 60; ++round) {
    await apart(use);
    if (round % 10 === 9) await collect();
  }
  await until(() => mappings(path) === 0);
  // At most as many as the binding keeps for reuse, of 8 GiB and more each.
  say([descriptors() - before[0], reserved() - before[1] < 15 * 2 ** 34]);
};

exports.released = (path) => {
  const memory = sharedMemory(1);
  for (const way of ['release', 'close']) {
    for (let round = 0; round < 2000; ++round) {
      const file = MmapFile.open(path);
      const range = file.mapInto(memory);
      if (way === 'release') range.release();
      file.close();
      range.release();
    }
  }
  say([memory.buffer.byteLength / 65536, mappings(path)]);
};

exports.arrays = async (path) => {
  const memory = sharedMemory(1);
  const array = await apart(() => {
    const { address, length } = MmapFile.open(path).mapInto(memory);
    return new Uint8Array(memory.buffer, address, length);
  });
  await collect();
  say([array[5], array.length]);
};
