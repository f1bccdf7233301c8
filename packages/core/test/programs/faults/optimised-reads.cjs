// Every typed read in loops that are optimised by the time their file is lost.
const fs = require('node:fs');
const { lose } = require('../losing.cjs');
const { MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

const PAGE = 4096;
const SIZE = 4 * PAGE;
const PASSES = 100;

/** What a loop does in each round with `file`, `reader` or `writer`, at the offset `at`: all values should be `whole`. */
exports.SHAPES = {
  compared: ({ read }) => `if (file.${read}(at) !== whole) ++madeUp;`,
  'one after the other': ({ read, size }) => `
    if (file.${read}(at) !== whole) ++madeUp;
    if (file.${read}(at + ${size}) !== whole) ++madeUp;
    at += ${size};`,
  'beside reads of bytes': ({ read }) => `
    if (file.readUInt8(at) !== first) ++madeUp;
    if (file.${read}(at) !== whole) ++madeUp;`,
  'the smallest of all': ({ read }) => `
    const value = file.${read}(at);
    least = value < least ? value : least;`,
  'added up': ({ read }) => `
    sum += file.${read}(at);
    expected += whole;`,
  'by a reader': ({ read }) => `if (reader.${read}() !== whole) ++madeUp;`,
  'by a reader, added up': ({ read }) => `
    sum += reader.${read}();
    expected += whole;`,
  'after a write': ({ read, write }) => `
    file.${write}(whole, at);
    if (file.${read}(at) !== whole) ++madeUp;`,
  'after a write of a writer': ({ read, write }) => `
    writer.${write}(whole);
    if (file.${read}(at) !== whole) ++madeUp;`,
};

/** Every typed read that goes to memory itself, with its size in bytes, a value, and a file that is full of it. */
const accessorsOf = (path) => {
  fs.writeFileSync(path, Buffer.alloc(SIZE, 1));
  const file = MmapFileMut.openExisting(path);
  const names = [];
  for (let from = file; from !== null; from = Object.getPrototypeOf(from)) {
    names.push(...Object.getOwnPropertyNames(from));
  }
  const found = names
    .filter((name) => /^read.*(\d|Float|Double|Size)/.test(name))
    .map((read) => {
      const write = read.replace('read', 'write');
      const whole = read.includes('Big') ? 0x11n : 0x11;
      const size = file[write](whole);
      return { read, write, size, whole, content: Buffer.alloc(SIZE, file.copyBytes(0, size)) };
    });
  file.close();
  return found;
};

/** The loop, as a function of its own, so that nothing has been learned about it. */
const loopOf = (body, { size, whole, content }) =>
  new Function(
    'file, reader, writer, whole',
    `const first = ${content[0]};
    let madeUp = 0, least = whole, sum = whole, expected = whole, error;
    try {
      for (let at = 0; at < ${SIZE - 2 * size}; at += ${size}) { ${body} }
    } catch (caught) {
      error = caught;
    }
    return { isWhole: madeUp === 0 && least === whole && sum === expected, error };
    // ${typeof whole}`,
  );

/** Optimises each loop, cuts the file at `cut`, and reports the reads that returned what the file never held. */
exports.shape = (path, shape, cuts) => {
  const accessors = accessorsOf(path);
  const wrong = [];
  for (const accessor of accessors) {
    const { read, whole, content } = accessor;
    const loop = loopOf(exports.SHAPES[shape](accessor), accessor);
    // After the first, code is made that knows of losses.
    for (const cut of cuts) {
      fs.writeFileSync(path, content);
      const file = MmapFileMut.openExisting(path);
      const pass = () => loop(file, file.reader(), file.writer(), whole);
      for (let count = 0; count < PASSES; ++count) {
        const { isWhole, error } = pass();
        if (!isWhole || error) wrong.push(`${read} before: ${error}`);
      }
      lose(path, file.asBuffer(), cut);
      const { isWhole, error } = pass();
      if (!isWhole) wrong.push(`${read}: a value that is not in the file`);
      if (error?.name !== 'MmapFaultError') wrong.push(`${read}: ${error}`);
      file.close();
    }
  }
  say([accessors.length, wrong]);
};
