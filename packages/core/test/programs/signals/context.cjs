// Native code that meets our faults, and what it then finds.
const fs = require('node:fs');
const { AT, CHAIN, END, ONSTACK, addressOf, causeOf, load, lose, open } = require('../foreign.cjs');
require('../package.cjs');
const { say } = require('../program.cjs');

const lost = () => {
  const one = open();
  fs.truncateSync(one.path, 0);
  return { ...one, address: addressOf(one.path) };
};

exports.errno = () => {
  const library = load();
  const one = lost();
  const other = open();
  say([library.readErrno(one.address), library.writeErrno(addressOf(other.path))]);
  say([causeOf(one.file), causeOf(other.file)].join());
};

exports.errnoInLibrary = () => {
  const library = load();
  const one = lost();
  library.setQuiet(1);
  library.take('a', CHAIN);
  say([library.readErrno(one.address), library.calls(), causeOf(one.file)]);
};

exports.otherStack = () => {
  const library = load();
  const one = lost();
  say([library.readInFullThread(one.address, 1), causeOf(one.file)]);
};

exports.noOtherStack = () => {
  load();
  for (let i = 0; i < 3; ++i) say(lose());
};

exports.noRoom = () => {
  load().readInFullThread(lost().address, 0);
  say('after');
};

exports.libraryOnOtherStack = (when) => {
  const library = load();
  if (when === 'after') open();
  library.take('a', END, ONSTACK);
  if (when === 'before') open();
  library.readInFullThread(library.mapLost(AT), 1);
};
