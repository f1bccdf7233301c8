// Operations on a disk that loses writes, for any of the packages: results that may be promises are awaited.
const fs = require('node:fs');
const { join } = require('node:path');
const { failingDisk } = require('../failing-disk.cjs');
const fmmap = require('../package.cjs');
const { say } = require('../program.cjs');

const FileMut = fmmap.AsyncMmapFileMut ?? fmmap.MmapFileMut;

/** The error that a call throws. */
const failed = async (call) => {
  try {
    await call();
  } catch ({ name, code, syscall }) {
    return [name, code, syscall].filter(Boolean).join(' ');
  }
  return 'no error';
};

/** The file is poisoned, whatever is tried, even once the device works again. */
const stays = async ({ file, view, heal }) => {
  say(await failed(() => file.flush()));
  heal();
  for (let i = 0; i < 2; ++i) say(await failed(() => file.flush()));
  say(await failed(() => file.flush(0, 1)));
  say(await failed(() => file.truncate(5)));
  say([file.isPoisoned, file.isClosed, file.length]);
  say(view.toString('latin1', 5000, 5003));
};

/** Removal fails every time, even once the device works again: no change has reached the disk. */
const remove = async ({ file, heal }) => {
  for (let i = 0; i < 3; ++i) say(await failed(() => file.remove()));
  heal();
  for (let i = 0; i < 2; ++i) say(await failed(() => file.remove()));
  say(file.isClosed);
};

/** Operations for which no write reaches the device. */
exports.ACTS = {
  flush: async (disk) => {
    say(await failed(() => disk.file.flush()));
    await stays(disk);
  },
  'flush of a part': async (disk) => {
    say(await failed(() => disk.file.flush(5001, 1)));
    await stays(disk);
  },
  'flush behind a flush that was only started': async (disk) => {
    await failed(() => disk.file.startFlush());
    say(await failed(() => disk.file.flush()));
    await stays(disk);
  },
  'truncate to more': async (disk) => {
    say(await failed(() => disk.file.truncate(50_000)));
    await stays(disk);
  },
  'truncate to less': async (disk) => {
    say(await failed(() => disk.file.truncate(6000)));
    await stays(disk);
  },
  closeWithTruncate: async (disk) => {
    say(await failed(() => disk.file.closeWithTruncate(6000)));
    await stays(disk);
  },
  create: async ({ path }) => {
    say(await failed(() => FileMut.create(`${path}.new`, { maxSize: 5000 })));
    say(await failed(() => FileMut.create(`${path}.newer`, { maxSize: 5000 })));
  },
  'open of what is not there': async ({ path }) => {
    say(await failed(() => FileMut.open(`${path}.new`, { maxSize: 5000 })));
  },
  writeToNewFile: async ({ file, path, heal }) => {
    say(await failed(() => file.writeToNewFile(`${path}.new`)));
    say(await failed(() => file.writeToNewFile(`${path}.new`)));
    heal();
    say(await failed(() => file.writeToNewFile(`${path}.new`)));
    say([fs.existsSync(`${path}.new`), file.isPoisoned, file.isClosed, file.readUInt8(5000)]);
  },
  remove,
  'remove behind a flush': async (disk) => {
    await failed(() => disk.file.flush());
    await remove(disk);
  },
};

exports.act = async (directory, control, name) => {
  const { fail } = failingDisk(control);
  const path = join(directory, 'file.bin');
  const heal = () => fail('pwrite', false);
  // Operations need threads, which need data from the disk that must be loaded first.
  const warm = await FileMut.memory('memory', 'abc');
  await warm.flush();
  await warm.close();
  const file = await FileMut.openExisting(path);
  const view = file.asBuffer();
  file.writeAll('new', 5000);
  fail('pwrite', true);
  try {
    await exports.ACTS[name]({ file, view, path, heal });
  } finally {
    heal();
  }
  await file.close();
};
