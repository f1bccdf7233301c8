// WebAssembly code that touches invalid pages, and what must remain a trap.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { openerOf } = require('../openers.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');
const { mappings } = require('../counts.cjs');
const { my, startThread } = require('../threads.cjs');
const { endOf, over, sharedMemory } = require('../wasm.cjs');

const PAGE = 4096;

exports.load = (path, open) => {
  const file = openerOf(open)(path);
  const memory = sharedMemory(1);
  const code = over(memory);
  const { address } = file.mapInto(memory, 5);
  const before = code.load(address + 10 * PAGE);
  execFileSync('truncate', ['-s', '0', path]);
  say([
    before,
    code.load(address + 10 * PAGE),
    code.load(address),
    faultOf(() => file.readUInt8(0)),
  ]);
  say([endOf(() => code.load(address + 1e6)), endOf(() => code.load(-1))]);
  code.store(address + PAGE, 5);
  say(code.load(address + PAGE));
  file.close();
  say(code.load(address + PAGE));
};

exports.store = (path) => {
  const file = MmapFile.open(path);
  const memory = sharedMemory(1);
  const code = over(memory);
  const { address } = file.mapInto(memory, PAGE, PAGE);
  code.store(address + 7, 1);
  say([code.load(address + 7), faultOf(() => file.readUInt8(0)).reason]);
  file.reopen();
  say(code.load(address + 7));
  code.store(address - 1, 9); // memory of the program itself
  say([code.load(address - 1), file.isFaulted]);
};

exports.traps = (path) => {
  const seen = new Set();
  const memory = sharedMemory(1, 5000);
  const code = over(memory);
  for (let i = 0; i < 100; ++i) {
    fs.writeFileSync(path, Buffer.alloc(3 * PAGE, 1));
    const file = MmapFile.open(path);
    const { address } = file.mapInto(memory);
    const end = memory.buffer.byteLength;
    seen.add(
      [
        endOf(() => code.load(end)),
        endOf(() => code.store(end + i * PAGE, 1)),
        endOf(() => code.fail(0)),
      ].join(),
    );
    if (i % 2 === 0) code.store(address, 2);
    else {
      fs.truncateSync(path, PAGE);
      code.load(address + 2 * PAGE);
    }
    seen.add(faultOf(() => file.readUInt8(0)).reason + code.load(address));
    seen.add(
      [
        endOf(() => code.load(end)),
        endOf(() => code.store(end + i * PAGE, 1)),
        endOf(() => code.fail(0)),
      ].join(),
    );
    file.close();
    seen.add(code.load(address));
  }
  say([...seen]);
};

/** Makes a thread keep code over the memory, as `my.code`. */
const send = (thread, memory) =>
  thread.run((memory) => {
    my.memory = memory;
    my.code = require('../wasm.cjs').over(memory);
  }, memory);

exports.sentMemory = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const memory = sharedMemory(1);
  const { address } = file.mapInto(memory, PAGE);
  const thread = startThread();
  await send(thread, memory);
  const load = (offset) => thread.run((at) => my.code.load(at), address + offset);
  say(await load(5));
  await thread.run((at) => my.code.store(at, 99), address + 8);
  say([await load(8), file.readUInt8(PAGE + 8)]);
  fs.truncateSync(path, 2 * PAGE);
  say([await load(5 * PAGE), faultOf(() => file.readUInt8(0)).reason]);
  file.close();
  say(await load(8));
  await thread.terminate();
};

exports.threadThatEnds = async (path) => {
  const memory = sharedMemory(1);
  for (const way of ['end', 'terminate']) {
    const thread = startThread();
    await send(thread, memory);
    const address = await thread.run((path) => {
      my.file = MmapFile.open(path);
      return my.file.mapInto(my.memory).address;
    }, path);
    const before = over(memory).load(address);
    await thread[way]();
    say([before, over(memory).load(address), mappings(path)]);
  }
};

exports.neverMeet = async () => {
  const memory = sharedMemory(1, 60000);
  const threads = await Promise.all([1, 2, 3].map(() => startThread()));
  for (const thread of threads) await send(thread, memory);
  const found = await Promise.all(
    threads.map((thread, index) =>
      thread.run((index) => {
        let wrong = 0;
        for (let round = 0; round < 200; ++round) {
          const file = MmapFileMut.anonymous(70000);
          file.fill(index + 1);
          const { address } = file.mapInto(my.memory);
          for (let at = 0; at < 70000; at += 5000) {
            if (my.code.load(address + at) !== index + 1) ++wrong;
            my.code.store(address + at, index + 1);
          }
          my.code.grow(1);
          file.close();
          if (my.code.load(address) !== 0) ++wrong;
        }
        return wrong;
      }, index),
    ),
  );
  say(found);
  for (const thread of threads) await thread.terminate();
};
