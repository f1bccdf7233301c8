// Copies that replace a file.
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const { dirname } = require('node:path');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { becomeNobody, caught, say } = require('../program.cjs');
const { descriptors } = require('../counts.cjs');

exports.refused = async (directory) => {
  execFileSync('mkfifo', [`${directory}/fifo`]);
  const server = net.createServer().listen(`${directory}/socket`);
  await new Promise((resolve) => server.on('listening', () => resolve(undefined)));
  const file = MmapFile.memory('m', 'text');
  process.chdir(directory);
  say('from here');
  const at = ['empty', 'empty/', '.', '..', './', 'fifo', 'socket', 'none/x', 'none/'];
  for (const path of at) say(caught(() => file.writeToNewFile(path, { replace: true })).code);
  say('to here');
  say(fs.readdirSync('.').sort());
  server.close();
};

exports.stopped = (path) => {
  const old = MmapFile.open(path);
  say(process.pid);
  say(caught(() => MmapFile.memory('m', 'text').writeToNewFile(path, { replace: old })));
  say(fs.readdirSync(dirname(path)).sort());
};

exports.asNobody = (path) => {
  becomeNobody();
  MmapFile.memory('m', 'text').writeToNewFile(path, { replace: true });
};

exports.copy = (path) => {
  process.umask(0);
  MmapFile.memory('m', 'text').writeToNewFile(path, { replace: true });
};

exports.copyItself = (path) => {
  MmapFile.open(path).writeToNewFile(path, { replace: true });
};

/** The sources of replacements for the file at `path`. */
exports.SOURCES = {
  'the file itself': (path) => MmapFileMut.openExisting(path),
  'a private copy': (path) => MmapFileMut.openCow(path),
  memory: (_path, other) => MmapFile.memory('m', fs.readFileSync(other)),
};

/** Tries to copy over a file, and reports the error and what is there afterwards. */
exports.fail = (path, other, source) => {
  const file = exports.SOURCES[source](path, other);
  const before = descriptors();
  say(caught(() => file.writeToNewFile(path, { replace: true })));
  const hash = createHash('sha1').update(fs.readFileSync(path)).digest('hex');
  say([fs.readdirSync(dirname(path)), hash, descriptors() - before]);
  say([file.isClosed, file.isPoisoned, file.isFaulted]);
};

exports.makeAndFail = (path, other, source) => {
  fs.copyFileSync(other, path);
  exports.fail(path, other, source);
};
