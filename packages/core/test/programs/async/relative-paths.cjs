// The working directory is that of the call, wherever the process has gone since.
const fs = require('node:fs');
const { join } = require('node:path');
const { openerOf } = require('../openers.cjs');
const fmmap = require('../package.cjs');
const { say } = require('../program.cjs');
const { directories } = require('../counts.cjs');
const { AsyncMmapFile, AsyncMmapFileMut } = fmmap;

/** `call()` makes a call in the directory `here`, which the process leaves at once for `elsewhere`. */
const between = (here, elsewhere) => ({
  here,
  elsewhere,
  call: (call) => {
    process.chdir(here);
    const promise = call();
    process.chdir(elsewhere);
    return promise;
  },
});

const opening =
  (name) =>
  async ({ call }) => {
    const file = await call(() => openerOf(name)('name'));
    say(file.copyBytes().toString());
    return file;
  };

/** Whether the file `new` was made where the call was. */
const wasMadeHere = ({ here, elsewhere }) =>
  fs.existsSync(join(here, 'new')) && !fs.existsSync(join(elsewhere, 'new'));

const copying = (options, hasCopied) => async (place) => {
  const file = AsyncMmapFileMut.memory('memory', 'abc');
  void file.truncate(4); // for which it has to wait
  if (options) fs.writeFileSync(join(place.here, 'new'), '');
  await place.call(() => file.writeToNewFile('new', options));
  say(hasCopied(place) ? 'here' : 'there');
  fs.rmSync(join(place.here, 'new'));
  return file;
};

const syncing =
  (sync) =>
  async ({ here, call }) => {
    const file = AsyncMmapFileMut.memory('memory', 'abc');
    fs.mkdirSync(join(here, 'below'), { recursive: true });
    const outcome = () =>
      sync().then(
        () => 'here',
        (error) => error.code,
      );
    say(await call(outcome));
    return file;
  };

/** What takes a name, and says of which directory it was; each returns a file. */
exports.CALLS = {
  'AsyncMmapFile.open': opening('AsyncMmapFile.open'),
  'AsyncMmapFile.openExec': opening('AsyncMmapFile.openExec'),
  'AsyncMmapFileMut.openCow': opening('AsyncMmapFileMut.openCow'),
  'AsyncMmapFileMut.open': opening('AsyncMmapFileMut.open'),
  'AsyncMmapFileMut.openExisting': async (place) => {
    const file = await opening('AsyncMmapFileMut.openExisting')(place);
    await file.remove();
    const { here, elsewhere } = place;
    if (fs.existsSync(join(here, 'name')) || !fs.existsSync(join(elsewhere, 'name')))
      say('removed another');
    fs.writeFileSync(join(here, 'name'), 'here');
    return file;
  },
  'AsyncMmapFileMut.create': async (place) => {
    const file = await place.call(() => AsyncMmapFileMut.create('new'));
    say(wasMadeHere(place) ? 'here' : 'there');
    await file.remove();
    return file;
  },
  writeToNewFile: copying(undefined, wasMadeHere),
  'writeToNewFile that replaces': copying(
    { replace: true },
    ({ here, elsewhere }) =>
      fs.statSync(join(here, 'new')).size === 4 && !fs.existsSync(join(elsewhere, 'new')),
  ),
  syncDirectory: syncing(() => fmmap.syncDirectory('below')),
  syncParentDirectory: syncing(() => fmmap.syncParentDirectory('below/none')),
};

exports.leaves = async (name, here, elsewhere) => {
  const place = between(here, elsewhere);
  const before = directories();
  for (let count = 0; count < 30; ++count) {
    const file = await exports.CALLS[name](place);
    await file.close();
  }
  say(directories() - before);
};

exports.rejected = async () => {
  const before = directories();
  const aborted = { signal: AbortSignal.abort() };
  const calls = /** @type {[path: string, options?: any][]} */ ([
    ['none'],
    ['none', { offset: -1 }],
    ['none', aborted],
    ['a\0'],
    [''],
  ]);
  for (const [path, options] of calls) {
    const bad = /** @type {any} */ (options ? -1 : 0);
    await AsyncMmapFile.open(path, options).catch(() => {});
    await AsyncMmapFile.memory('name', 'abc')
      .writeToNewFile(`none/${path}`, bad)
      .catch(() => {});
    await fmmap.syncDirectory(path, options).catch(() => {});
    await fmmap.syncParentDirectory(path, options).catch(() => {});
  }
  say(directories() - before);
};

exports.dropped = async (most) => {
  let count = 0;
  while (count < most) {
    await AsyncMmapFile.open('name');
    count += 1;
  }
  say(count);
};
