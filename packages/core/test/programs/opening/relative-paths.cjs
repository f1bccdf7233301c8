// Relative paths, with any of the packages: what may be a promise is awaited.
const fs = require('node:fs');
const fmmap = require('../package.cjs');
const { say } = require('../program.cjs');
const { directories } = require('../counts.cjs');

const File = fmmap.AsyncMmapFile ?? fmmap.MmapFile;
const FileMut = fmmap.AsyncMmapFileMut ?? fmmap.MmapFileMut;

/** What the process does in its working directory before it opens anything. */
const WAYS = {
  stay: () => {},
  forbidAbove: () => fs.chmodSync('..', 0),
  goDeep: () => {
    for (let i = 0; i < 30; ++i) {
      fs.mkdirSync('d'.repeat(200));
      process.chdir('d'.repeat(200));
    }
  },
  rename: () => {
    fs.mkdirSync('before');
    process.chdir('before');
    process.cwd();
    fs.renameSync('../before', '../after');
  },
};

/** Calls everything that takes a path, and says what came of it. */
exports.use = async (way) => {
  WAYS[way]();
  const isWindows = process.platform === 'win32'; // where no directory in use is moved
  const here = isWindows ? process.cwd() : `/proc/self/fd/${fs.openSync('.', 'r')}`;
  const names = () => fs.readdirSync(here).sort().join();
  const before = directories();
  fs.mkdirSync('below');
  for (const name of ['made', './below/made', 'below/../made2']) {
    const made = await FileMut.create(name, { maxSize: 3 });
    made.writeAll('abc');
    await made.close();
    for (const type of [File, FileMut]) {
      for (const open of ['open', 'openExec', 'openCow', 'openExisting']) {
        if ((type === FileMut && open === 'openExec') || !type[open]) continue;
        const file = await type[open](name);
        if (file.path !== name || file.copyBytes().toString() !== 'abc') say([open, name]);
        await file.close();
      }
    }
    const file = await FileMut.openExisting(name);
    await file.writeToNewFile(`${name}.copy`);
    process.chdir('/');
    await file.remove();
    process.chdir(here);
  }
  say([names(), fs.readdirSync('below').join(), directories() - before]);
};

const codeOf = async (call) => {
  try {
    await call();
  } catch ({ code, syscall }) {
    return `${code} ${syscall}`;
  }
  return 'fine';
};

/** In a directory that is gone: what the package says, and what `fs` does. */
exports.gone = async () => {
  fs.writeFileSync('made', 'abc');
  fs.mkdirSync('gone');
  process.chdir('gone');
  fs.rmdirSync('../gone');
  say([await codeOf(() => File.open('x')), await codeOf(() => fs.openSync('x', 'r'))]);
  say([await codeOf(() => FileMut.create('x')), await codeOf(() => fs.openSync('x', 'wx'))]);
  const file = await FileMut.openExisting('../made');
  say([file.copyBytes().toString(), fs.readFileSync('../made', 'utf8')]);
  await file.remove();
};
