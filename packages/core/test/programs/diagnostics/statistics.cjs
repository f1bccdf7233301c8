// The numbers of the process, while it opens and closes files.
const fs = require('node:fs');
const { faultOf } = require('../faults.cjs');
const { lose } = require('../losing.cjs');
const { MmapFile, MmapFileMut, getStatistics } = require('../package.cjs');
const { say } = require('../program.cjs');
const { startThread } = require('../threads.cjs');

const tell = () => say(getStatistics());

exports.mappings = async (path) => {
  tell();
  const file = MmapFileMut.openExisting(path);
  tell();
  const memory = MmapFile.memory('memory', Buffer.alloc(50));
  tell();
  MmapFileMut.attach(file.share());
  tell();
  file.truncate(20_000);
  tell();
  const thread = startThread();
  await thread.run(() => {
    globalThis.kept = MmapFile.memory('of the thread', Buffer.alloc(7));
  });
  tell();
  await thread.end();
  tell();
  file.close();
  tell();
  memory.close();
  tell();
};

exports.faults = (path) => {
  const content = fs.readFileSync(path);
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  tell();
  lose(path, view);
  view[5];
  tell();
  view[9000];
  faultOf(() => file.checkFault());
  tell();
  fs.writeFileSync(path, content);
  file.reopen();
  const again = file.asBuffer();
  lose(path, again);
  again[7];
  tell();
  file.close();
  tell();
};
