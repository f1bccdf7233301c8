// Sequences of calls in which the system fails, for any of the packages: results that may be promises are awaited.
const fs = require('node:fs');
const { join } = require('node:path');
const fmmap = require('../package.cjs');
const { gc, say } = require('../program.cjs');

const File = fmmap.AsyncMmapFile ?? fmmap.MmapFile;
const FileMut = fmmap.AsyncMmapFileMut ?? fmmap.MmapFileMut;

const fileIn = (at) => join(at, 'file.bin');

/** Opens the file, and changes its first byte. */
const changed = async (file) => {
  const opened = await file;
  opened.writeUInt8(0xee, 0);
  return opened;
};
const opened = (at) => changed(FileMut.openExisting(fileIn(at)));
const openedCow = (at) => changed(FileMut.openCow(fileIn(at)));

/** A sequence on an open file. */
const on = (change, prepare = opened) => ({
  prepare,
  act: async (at, file) => {
    await change(at, file);
  },
});
/** A sequence that opens a file. */
const open = (act) => ({ prepare: async (_at) => undefined, act });
const copying = (openFile) =>
  on(
    (at, file) => file.writeToNewFile(join(at, 'copy')),
    (at) => {
      fs.rmSync(join(at, 'copy'), { force: true });
      return openFile(at);
    },
  );
const replacing = (openFile, target) =>
  on((at, file) => file.writeToNewFile(join(at, target), { replace: true }), openFile);

const truncating = (options) =>
  open((at) => FileMut.open(fileIn(at), { truncate: true, ...options }));
const growing = (options) => open((at) => FileMut.openExisting(fileIn(at), options));

/** `prepare` may return a file, which is what `act` works on, or return a file itself. */
exports.SEQUENCES = {
  'MmapFile.open': open((at) => File.open(fileIn(at))),
  'MmapFileMut.openExisting': open((at) => FileMut.openExisting(fileIn(at))),
  'MmapFileMut.openCow': open((at) => FileMut.openCow(fileIn(at))),
  'open that populates': open((at) => FileMut.open(fileIn(at), { populate: true })),
  create: open((at) => FileMut.create(fileIn(at), { maxSize: 5000 })),
  'create that allocates': open((at) =>
    FileMut.create(fileIn(at), { maxSize: 5000, allocate: true }),
  ),
  'open of what is not there': open((at) => FileMut.open(fileIn(at), { maxSize: 5000 })),
  'open that grows': growing({ minSize: 20_000 }),
  'open that grows and allocates': growing({ minSize: 20_000, allocate: true }),
  'open that grows, and is shared then': growing({ minSize: 20_000, lock: 'shared' }),
  'open of a size that is for new files': open((at) => FileMut.open(fileIn(at), { maxSize: 5000 })),
  'open that truncates': truncating({}),
  'open that truncates and grows': truncating({ maxSize: 20_000 }),
  'truncate to more': on((_, file) => file.truncate(20_000)),
  'truncate to less': on((_, file) => file.truncate(5000)),
  'truncate to nothing': on((_, file) => file.truncate(0)),
  closeWithTruncate: on((_, file) => file.closeWithTruncate(5000)),
  flush: on((_, file) => file.flush()),
  startFlush: on((_, file) => file.startFlush()),
  freeze: { prepare: opened, act: (_, file) => file.freeze() },
  reopen: on((_, file) => file.reopen()),
  close: on((_, file) => file.close()),
  remove: on((_, file) => file.remove()),
  removeOnDispose: on((_, file) => {
    file.removeOnDispose = true;
    return (file[Symbol.asyncDispose] ?? file[Symbol.dispose]).call(file);
  }),
  writeToNewFile: copying(opened),
  'writeToNewFile of private pages': copying(openedCow),
  'writeToNewFile that replaces another': replacing(opened, 'other'),
  'writeToNewFile that replaces its own': replacing(opened, 'file.bin'),
  'writeToNewFile of private pages that replaces its own': replacing(openedCow, 'file.bin'),
};

const outcomeOf = async (call) => {
  try {
    await call();
  } catch ({ name, code, syscall, message }) {
    return { name, code, syscall, message };
  }
  return 'done';
};
const look = (at) =>
  Object.fromEntries(
    fs.readdirSync(at).map((name) => [name, fs.readFileSync(join(at, name), 'base64')]),
  );
/** Counts the descriptors and mappings of the files in a directory. */
const leaksIn = (at) => {
  const descriptors = fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(at);
    } catch {
      return false;
    }
  });
  const maps = fs.readFileSync('/proc/self/maps', 'latin1').split('\n');
  return descriptors.length + maps.filter((line) => line.includes(at)).length;
};

/** Plays a sequence in the directory `at`, after two bytes of input, and reports on it after a third. */
exports.play = async (name, at, warm) => {
  const { prepare, act } = exports.SEQUENCES[name];
  // So that V8 makes no calls in the round that counts: compiles the code, and leaves memory in reserve.
  for (let round = 0; round < 4; ++round) {
    if (round === 2) gc();
    const first = await prepare(warm + round);
    const made = await act(warm + round, first);
    await made?.close();
    await first?.close();
  }
  let file = await prepare(at);
  const once = async () => {
    file = (await act(at, file)) ?? file;
  };
  say(process.pid);
  const wait = () => fs.readSync(0, Buffer.alloc(1));
  wait(); // already under way when the tracer attaches, so it may end unseen
  wait();
  const outcome = await outcomeOf(once);
  say(outcome);
  wait();
  const state = file && {
    isClosed: file.isClosed,
    isPoisoned: file.isPoisoned,
    length: file.length,
  };
  const files = look(at);
  const isOver = outcome === 'done' || file?.isClosed || file?.isPoisoned;
  const again = isOver ? undefined : await outcomeOf(once);
  await file?.close();
  say({ outcome, state, files, again, filesAfter: look(at), leaks: leaksIn(at) });
};
