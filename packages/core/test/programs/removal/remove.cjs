// Removals, each in its own process.
const fs = require('node:fs');
const { MmapFileMut } = require('../package.cjs');
const { say, caught } = require('../program.cjs');

exports.remove = (path) => {
  MmapFileMut.openExisting(path).remove();
};

exports.otherDirectory = (path) => {
  const file = MmapFileMut.openExisting('file.bin');
  process.chdir(path);
  file.remove();
  say(fs.existsSync('file.bin'));
};

exports.again = (path) => {
  const file = MmapFileMut.openExisting(path);
  const descriptors = fs.readdirSync('/proc/self/fd').length;
  say(caught(() => file.remove()));
  say([file.isClosed, file.readUInt8(1), fs.readdirSync('/proc/self/fd').length - descriptors]);
  file.remove();
  say([file.isClosed, fs.existsSync(path)]);
};

exports.syncAgain = (path) => {
  const file = MmapFileMut.openExisting(path);
  say(caught(() => file.remove()));
  say([file.isClosed, file.readUInt8(1), fs.existsSync(path)]);
  // Another file by now, whatever the retry does.
  fs.writeFileSync(path, 'other');
  say(caught(() => file.remove()).code);
  file.remove();
  say([file.isClosed, fs.readFileSync(path, 'latin1')]);
};

exports.noDescriptor = (path) => {
  const file = MmapFileMut.openExisting(path);
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch {}
  say(caught(() => file.remove()).code);
  fs.closeSync(/** @type {number} */ (taken.pop()));
  file.remove();
  for (const each of taken) fs.closeSync(each);
  say([file.isClosed, fs.existsSync(path)]);
};
