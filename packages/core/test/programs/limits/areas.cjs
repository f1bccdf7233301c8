// Areas of memory, whose number the kernel limits.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

const PAGE = 4096;
const ODD = 31_000;

/** Ways to turn a part of a mapping into an area of its own. */
exports.SPLITS = {
  "advise 'random'": (file, at) => file.advise('random', at, PAGE),
  "advise 'sequential'": (file, at) => file.advise('sequential', at, PAGE),
  "advise 'nohugepage'": (file, at) => file.advise('nohugepage', at, PAGE),
  'advise in turns': (file, at) =>
    file.advise(['random', 'sequential', 'normal'][(at / PAGE) % 3], at, PAGE),
  lockMemory: (file, at) => file.lockMemory(at, PAGE),
  'unlockMemory of what was locked': (file, at) => {
    if (at === PAGE) file.lockMemory();
    file.unlockMemory(at, PAGE);
  },
};

exports.split = (path, split, fifth) => {
  const file = MmapFileMut.anonymous(3 * ODD * PAGE);
  let error = 'no error';
  for (let at = PAGE; at < file.length && error === 'no error'; at += 2 * PAGE)
    error = caught(() => exports.SPLITS[split](file, at));
  const files = [];
  const full = caught(() => {
    for (let index = 0; index < 500; ++index) files.push(MmapFile.open(path));
  });
  say([error, full].map(({ code }) => code ?? 'no error'));
  say([file.readUInt8(5), files.every((other) => other.readUInt8(5) === fifth)]);
  const heap = Array.from({ length: 1e6 }, (_, index) => ({ index })); // V8 can still get memory
  file.close();
  for (const other of files.splice(0, 100)) other.close();
  MmapFile.open(path).close();
  say(heap.length);
};

exports.overAndOver = (path) => {
  const file = MmapFileMut.anonymous(100 * 4096);
  for (let index = 0; index < 70_000; ++index) file.advise('random', 4096, 4096);
  for (let index = 0; index < 70_000; ++index) file.advise('willneed', 4096, 4096);
  say(caught(() => MmapFile.open(path).close()));
};

/** Opens very many files at once, again and again. */
exports.rounds = (path, count, isSeen) => {
  for (let round = 0; round < 4; ++round) {
    const files = [];
    for (let index = 0; index < count; ++index) {
      const file = MmapFile.open(path, { lock: 'none' });
      if (isSeen) file.bytes(0, 1);
      files.push(file);
    }
    say(files.every((file) => file.readUInt8(0) === 1));
    for (const file of files) file.close();
  }
};
