// Files that are dropped without being closed.
const crypto = require('node:crypto');
const fs = require('node:fs');
const zlib = require('node:zlib');
const { openerOf } = require('../openers.cjs');
const { until, collect, apart } = require('../garbage.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, turn } = require('../program.cjs');
const { descriptors, mappings, MEMORY } = require('../counts.cjs');

/** Whether anything of a file is mapped. */
const mapped = (path) => mappings(path) > 0;
/** Whether it is still open, and locked: that ends a moment after it is unmapped. */
const isOpen = (path) => mapped(path) || descriptors(path) > 0;
const warnings = [];
process.on('warning', (/** @type {NodeJS.ErrnoException} */ { name, code, message }) =>
  warnings.push({ name, code, message }),
);

exports.drop = async (open, ...paths) => {
  for (const path of paths) {
    await apart(() => {
      openerOf(open)(path).asBuffer();
    });
    await until(() => !isOpen(path));
  }
  await turn();
  say(paths.map((path) => descriptors(path)));
  say(warnings);
  MmapFileMut.open(paths[0]).close();
};

exports.noWarning = async (path) => {
  let file = /** @type {any} */ (undefined);
  await apart(() => {
    MmapFile.open(path).close();
    MmapFileMut.memory('memory', 'abc').asBuffer();
    MmapFileMut.anonymous(5000);
    file = MmapFile.open(path);
    MmapFile.attach(file.share()).asBuffer();
  });
  await collect();
  file.close();
  await until(() => descriptors(MEMORY) === 0);
  await collect();
  say(warnings);
};

exports.view = async (path) => {
  let view = await apart(() => MmapFileMut.open(path).bytes(4090, 100));
  await collect();
  say(mapped(path));
  fs.writeFileSync(path, Buffer.alloc(10000, 7), { flag: 'r+' });
  say([view[0], view[99]]);
  view[50] = 9;
  say(fs.readFileSync(path)[4140]);
  let slice = view.subarray(5, 10);
  view = undefined;
  await collect();
  say([mapped(path), slice[0], warnings.length]);
  slice = undefined;
  await until(() => !mapped(path));
  await turn();
  say(warnings.length);
};

exports.cursors = async (path) => {
  let reader = await apart(() => MmapFile.open(path).reader(7));
  let lines = await apart(() => MmapFile.open(path).reader()[Symbol.iterator]());
  let chunks = await apart(() => MmapFile.open(path).reader().chunks(4));
  await collect();
  say([reader.readLine(), lines.next().value, chunks.next().value.toString()]);
  reader = undefined;
  lines = undefined;
  chunks = undefined;
  await until(() => !isOpen(path));
  let writer = await apart(() => MmapFileMut.open(path).writer());
  await collect();
  writer.writeAll('LINE');
  writer = undefined;
  await until(() => !isOpen(path));
  say(fs.readFileSync(path, 'utf8'));
};

exports.frozen = async (path) => {
  await apart(() => {
    const file = MmapFileMut.open(path);
    file.removeOnDispose = true;
    file.freeze();
  });
  await until(() => !mapped(path));
  await apart(() => {
    MmapFileMut.open(path).removeOnDispose = true;
  });
  await until(() => !mapped(path));
  MmapFileMut.open(path).close();
  await turn();
  say(warnings.length);
};

exports.endsInPeace = (path) => {
  exports.kept = MmapFile.open(path); // open when the process ends
  const view = exports.kept.asBuffer();
  MmapFile.open(path).asBuffer();
  zlib.gzip(view, () => say('done'));
  crypto.randomFill(MmapFileMut.anonymous(1e6).asBuffer(), () => say('done'));
  process.on('exit', () => say(view[5]));
};
