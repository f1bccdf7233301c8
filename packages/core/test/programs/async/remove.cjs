// Removals that fail, and what else needs descriptors where there are none.
const fs = require('node:fs');
const { dirname, join } = require('node:path');
const { AsyncMmapFile, AsyncMmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

exports.syncAgain = async (path) => {
  const file = await AsyncMmapFileMut.openExisting(path);
  const errors = [];
  for (;;) {
    try {
      await file.remove();
      break;
    } catch ({ name, code, syscall, path }) {
      errors.push({ name, code, syscall, path });
    }
    say([file.isClosed, file.isPoisoned, file.readUInt8(1), file.lockState]);
    // Somebody else's by now, whatever the retry does.
    fs.writeFileSync(path, 'other');
  }
  say(errors);
  say([file.isClosed, fs.readFileSync(path, 'latin1')]);
};

const errorOf = async (call) => {
  try {
    await call();
  } catch ({ name, code, syscall }) {
    return [name, code, syscall].join(' ');
  }
  return 'no error';
};

/** Takes every descriptor that the process may have, or all but `left`, while `use` does something. */
const without = async (use, left = 0) => {
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch {}
  for (const fd of taken.splice(0, left)) fs.closeSync(fd);
  const result = await use();
  for (const fd of taken) fs.closeSync(fd);
  return result;
};

/**
 * What there is to do and to see in the directory of `path`. The threads of the package run then,
 * as many as there may be, and all code is there.
 */
const warm = async (path) => {
  const at = dirname(path);
  const create = (name) => AsyncMmapFileMut.create(join(at, name), { maxSize: 5 });
  const names = () => fs.readdirSync(at).sort();
  const open = () =>
    fs.readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(at);
      } catch {
        return false;
      }
    }).length;
  await Promise.all(
    Array.from({ length: 16 }, async (_, index) => {
      const file = await create(`warm${index}`);
      const copy = join(at, `copy${index}`);
      await file.writeToNewFile(copy);
      await file.truncate(10);
      await file.remove();
      fs.unlinkSync(copy);
    }),
  );
  return { at, create, names, open };
};

exports.noDescriptor = async (path) => {
  const { at, create, names, open } = await warm(path);
  const file = await AsyncMmapFileMut.open(path);
  const target = join(at, 'new');
  const calls = [
    () => file.remove(),
    () => create('new'),
    () => AsyncMmapFileMut.open(target, { maxSize: 5 }),
    () => AsyncMmapFileMut.open(path, { truncate: true }),
    () => AsyncMmapFile.open(path),
    () => AsyncMmapFileMut.openCow(path),
    () => file.writeToNewFile(target),
  ];
  const errors = [];
  await without(async () => {
    for (const call of calls) errors.push(await errorOf(call));
    errors.push(...(await Promise.all(calls.map(errorOf))));
  });
  for (const error of errors) say(error);
  say([file.isClosed, file.isPoisoned, file.readUInt8(1), file.lockState, names(), open()]);
  const used = await without(async () => {
    await file.truncate(6000);
    file.writeUInt8(42, 5999);
    await file.flush();
    return [(await file.stat()).size, await file.tryLock()];
  });
  say(used);
  await without(() => file.remove(), 1);
  const made = await create('new');
  await made.writeToNewFile(path);
  await made.close();
  say([file.isClosed, names(), open()]);
};

exports.fewDescriptors = async (path, left) => {
  const { at, create, names, open } = await warm(path);
  const file = await AsyncMmapFileMut.open(path);
  const calls = [
    () => create('new').then((made) => made.close()),
    () => file.writeToNewFile(join(at, 'copy')),
  ];
  const results = await without(async () => {
    const results = [];
    for (const call of calls) results.push(await errorOf(call));
    return results;
  }, left);
  say(results);
  say(Object.fromEntries(names().map((name) => [name, fs.statSync(join(at, name)).size])));
  say(open());
};

exports.another = async (path) => {
  const { at, names, open } = await warm(path);
  const file = await AsyncMmapFileMut.open(path);
  const aside = join(at, 'aside');
  const remove = () => errorOf(() => file.remove());
  fs.renameSync(path, aside);
  fs.writeFileSync(path, 'other');
  say(await without(remove));
  say(await without(remove, 1));
  say(await remove());
  say(fs.readFileSync(path, 'latin1'));
  say([file.isClosed, file.readUInt8(1), names(), open()]);
  fs.renameSync(aside, path);
  say(await without(remove));
  say(await without(remove, 1));
  say([file.isClosed, names(), open()]);
};

exports.onDispose = async (path) => {
  const { names, open } = await warm(path);
  const file = await AsyncMmapFileMut.open(path);
  file.removeOnDispose = true;
  await without(() => file[Symbol.asyncDispose]());
  say([file.isClosed, names(), open()]);
};
