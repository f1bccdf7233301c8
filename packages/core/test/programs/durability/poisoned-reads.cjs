// What reads of a poisoned file return.
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

/** Calls that read whatever there is. */
exports.TAKES = {
  'file.prefetch()': ({ file }) => file.prefetch(),
  'file.residency().length': ({ file }) => file.residency().length,
  'file.read(Buffer.alloc(5))': ({ file }) => file.read(Buffer.alloc(5)),
  'file.read(Buffer.alloc(5), 7)': ({ file }) => file.read(Buffer.alloc(5), 7),
  'file.asBuffer().length': ({ file }) => file.asBuffer().length,
  'file.bytes(0, 0).length': ({ file }) => file.bytes(0, 0).length,
  'file.array(Float64Array).length': ({ file }) => file.array(Float64Array).length,
  'file.copyBytes().length': ({ file }) => file.copyBytes().length,
  "file.indexOf('a')": ({ file }) => file.indexOf('a'),
  "file.lastIndexOf('a')": ({ file }) => file.lastIndexOf('a'),
  "file.includes('a')": ({ file }) => file.includes('a'),
  "file.indexesOf('a', new Float64Array(5))": ({ file }) =>
    file.indexesOf('a', new Float64Array(5)),
  'file.reader().remaining': ({ file }) => file.reader().remaining,
  'reader.length': ({ reader }) => reader.length,
  'reader.remaining': ({ reader }) => reader.remaining,
  'reader.read(Buffer.alloc(5))': ({ reader }) => reader.read(Buffer.alloc(5)),
  'reader.peek(5).length': ({ reader }) => reader.peek(5).length,
  'reader.skip(5)': ({ reader }) => reader.skip(5),
  'reader.bytes(0).length': ({ reader }) => reader.bytes(0).length,
  'reader.readLine()': ({ reader }) => reader.readLine(),
  "reader.readUntil('a')": ({ reader }) => reader.readUntil('a'),
  'reader.readText()': ({ reader }) => reader.readText(),
  'reader.readText(0)': ({ reader }) => reader.readText(0),
  'reader.follow()': ({ reader }) => reader.follow(),
  'file.bytes().length': ({ file }) => file.bytes().length,
  'writer.read(Buffer.alloc(5))': ({ writer }) => writer.read(Buffer.alloc(5)),
  'writer.bytes(0).length': ({ writer }) => writer.bytes(0).length,
  '[...reader].length': ({ reader }) => [...reader].length,
  '[...reader.chunks(5)].length': ({ reader }) => [...reader.chunks(5)].length,
  "reader.seek(0, 'end')": ({ reader }) => reader.seek(0, 'end'),
};

/** Calls that need a byte which is not there. */
exports.NEEDS = {
  'file.array(Uint8Array, 0, 1)': ({ file }) => file.array(Uint8Array, 0, 1),
  'file.array(Float64Array, 8)': ({ file }) => file.array(Float64Array, 8),
  'file.bytes(0, 1)': ({ file }) => file.bytes(0, 1),
  'file.bytes(5, 0)': ({ file }) => file.bytes(5, 0),
  'file.copyBytes(0, 1)': ({ file }) => file.copyBytes(0, 1),
  'file.copyBytes(7)': ({ file }) => file.copyBytes(7),
  'file.readExact(Buffer.alloc(1))': ({ file }) => file.readExact(Buffer.alloc(1)),
  'file.reader(1)': ({ file }) => file.reader(1),
  'file.reader(0, 1)': ({ file }) => file.reader(0, 1),
  'file.writer(0, 1)': ({ file }) => file.writer(0, 1),
  "file.indexesOf('a', new Float64Array(5), 0, 1)": ({ file }) =>
    file.indexesOf('a', new Float64Array(5), 0, 1),
  'file.gather(Buffer.alloc(5), new Float64Array(1))': ({ file }) =>
    file.gather(Buffer.alloc(5), new Float64Array(1)),
  'reader.readText(1)': ({ reader }) => reader.readText(1),
  'file.readUIntLE(0, 3)': ({ file }) => file.readUIntLE(0, 3),
  'file.writeIntBE(1, 0, 6)': ({ file }) => file.writeIntBE(1, 0, 6),
  'writer.bytes(1)': ({ writer }) => writer.bytes(1),
  'reader.bytes(1)': ({ reader }) => reader.bytes(1),
  'reader.readExact(Buffer.alloc(1))': ({ reader }) => reader.readExact(Buffer.alloc(1)),
  'reader.seek(1)': ({ reader }) => reader.seek(1),
  "writer.write('a')": ({ writer }) => writer.write('a'),
  "writer.writeAll('a')": ({ writer }) => writer.writeAll('a'),
  "writer.writeSome('a')": ({ writer }) => writer.writeSome('a'),
  'chunks.next()': ({ chunks }) => chunks.next(),
};

/** Reads in every way; `kinds` are the suffixes of the methods for numbers. */
exports.read = (path, kinds) => {
  const file = MmapFileMut.openExisting(path);
  const reader = file.reader();
  const writer = file.writer();
  const chunks = reader.chunks(10);
  caught(() => file.flush());
  const ways = Object.entries({ ...exports.TAKES, ...exports.NEEDS });
  for (const kind of kinds) {
    ways.push([`file.read${kind}(0)`, ({ file }) => file[`read${kind}`](0)]);
    ways.push([`reader.read${kind}()`, ({ reader }) => reader[`read${kind}`]()]);
  }
  for (const [name, read] of ways) {
    let outcome;
    try {
      outcome = { value: read({ file, reader, writer, chunks }) ?? null };
    } catch (error) {
      outcome = { threw: error.name };
    }
    say([name, outcome]);
  }
};
