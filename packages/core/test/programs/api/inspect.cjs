// How objects are displayed.
const { inspect } = require('node:util');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.poisoned = (path) => {
  const file = MmapFileMut.openExisting(path);
  const reader = file.reader();
  caught(() => file.flush());
  say([inspect(file), file, inspect(reader), reader]);
};

exports.grown = (path) => {
  const file = MmapFileMut.openExisting(path);
  const other = MmapFileMut.attach(file.share());
  const reader = other.reader();
  file.truncate(2 ** 40);
  say([other, reader].map((object) => inspect(object).split(' ')[0]));
  say([other, reader].map((object) => typeof JSON.stringify(object)));
};
