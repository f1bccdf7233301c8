// Descriptors that a process has been given, or has opened itself.
const fs = require('node:fs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { becomeNobody, say, caught } = require('../program.cjs');
const { my, startThread } = require('../threads.cjs');

exports.standardInput = () => {
  say(MmapFile.open(0).asBuffer().toString());
};

exports.notAllowed = (path) => {
  const descriptor = fs.openSync(path, 'r+');
  if (!becomeNobody()) fs.chmodSync(path, 0);
  for (const open of [MmapFile.open, MmapFileMut.openExisting]) say(caught(() => open(descriptor)));
  say(fs.fstatSync(descriptor).size);
};

exports.thread = async (path) => {
  const descriptor = fs.openSync(path, 'r+');
  const thread = startThread();
  say(
    await thread.run((descriptor) => {
      my.file = MmapFileMut.open(descriptor);
      return [my.file.length, my.file.readUInt8(7), my.file.path];
    }, descriptor),
  );
  say(caught(() => MmapFile.open(descriptor)).code);
  await thread.worker.terminate();
  say(caught(() => MmapFile.open(descriptor)));
  process.exit();
};
