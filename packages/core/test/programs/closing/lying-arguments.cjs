// Arguments that are not what they claim, or that have side effects when they are read.
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say } = require('../program.cjs');

exports.lyingLength = () => {
  const lying = new Uint8Array(8);
  Object.defineProperty(lying, 'length', { value: 100_000 });
  let file;
  try {
    file = MmapFile.memory('memory', lying);
  } catch {
    say(8);
    return;
  }
  say(file.length);
};

exports.getters = (path) => {
  const first = MmapFileMut.openExisting(path);
  const second = MmapFileMut.openExisting(path, {
    get minSize() {
      first.close();
      return 5;
    },
  });
  say([first.isClosed, second.length, second.copyBytes(0, 3).toString()]);
};
