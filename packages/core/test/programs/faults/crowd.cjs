// Thousands of mappings that come and go while others fault.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { MmapFile } = require('../package.cjs');
const { say, turn } = require('../program.cjs');
const { startThread } = require('../threads.cjs');

const PAGE = 4096;
/** Mappings that stay, throughout the addresses at which the others come and go. */
const STANDING = 3000;

/** Opens and closes mappings, up to 500 at a time, in mixed order; returns anything unexpected. */
const comeAndGo = (directory, number) => {
  const names = Array.from({ length: 20 }, (_, index) => `${directory}/other${number}-${index}`);
  for (const name of names) fs.writeFileSync(name, Buffer.alloc(2 * PAGE, 0x22));
  const strange = [];
  const files = [];
  let seed = number + 1;
  const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  const end = (index) => {
    const [file] = files.splice(index, 1);
    if (file.isFaulted || file.readUInt8(PAGE) !== 0x22) strange.push(file.path);
    file.close();
  };
  for (let opened = 0; opened < 3000; ++opened) {
    files.push(MmapFile.open(names[opened % names.length]));
    while (files.length > 500 || (files.length > 0 && random(3) === 0)) end(random(files.length));
  }
  while (files.length > 0) end(random(files.length));
  return strange.slice(0, 5);
};

/** Loses a part of one file after another, each mapped twice; returns anything unexpected. */
const lose = (directory, number) => {
  const name = `${directory}/lost${number}`;
  const strange = [];
  for (let round = 0; round < 250; ++round) {
    fs.writeFileSync(name, Buffer.alloc(4 * PAGE, 0x11));
    const [file, other] = [MmapFile.open(name), MmapFile.open(name)];
    const view = file.asBuffer();
    fs.truncateSync(name, PAGE);
    const at = PAGE + ((round * 997) % (3 * PAGE));
    const found = [view[5], view[at], file.isFaulted, other.isFaulted];
    const { reason, offset, path } = faultOf(() => file.readUInt8(5));
    if (
      found.join() !== '17,0,true,false' ||
      reason !== 'truncated' ||
      offset !== at ||
      path !== name
    ) {
      strange.push([round, ...found, reason, offset, at, path]);
    }
    file.close();
    other.close();
  }
  return strange.slice(0, 5);
};

/** Traps until told to stop; returns each outcome once, and whether there were many. */
const trap = (/** @type {Int32Array} */ isOver) => {
  const { trapOf, wasm } = require('../wasm.cjs');
  const seen = new Set();
  let count = 0;
  while (Atomics.load(isOver, 0) === 0 || count < 100) {
    seen.add(trapOf(() => wasm.load(65536 + 64 * (count % 65536))));
    ++count;
  }
  return [...seen];
};

exports.crowd = async (directory) => {
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  const start = (work, ...more) => startThread().run(work, ...more);
  const standing = Array.from({ length: STANDING }, (_, index) => {
    const name = `${directory}/standing${index % 50}`;
    if (index < 50) fs.writeFileSync(name, Buffer.alloc(PAGE, 0x33));
    return MmapFile.open(name);
  });
  const trapping = [1, 2].map(() => start(trap, isOver));
  const working = [1, 2, 3].flatMap((number) => [
    start(comeAndGo, directory, number),
    start(lose, directory, number),
  ]);
  // Meanwhile, some of the mappings that stay are closed, too.
  for (const file of standing.splice(0, STANDING / 2)) {
    if (file.isFaulted || file.readUInt8(1) !== 0x33) say(file.path);
    file.close();
    await turn();
  }
  say(await Promise.all(working));
  Atomics.store(isOver, 0, 1);
  say(await Promise.all(trapping));
  const view = standing[7].asBuffer();
  fs.truncateSync(standing[7].path, 0);
  say([view[0], standing.filter((file) => file.isFaulted).length, standing[7].isFaulted]);
  process.exit();
};
