// Programs that listen to the channels.
const fs = require('node:fs');
const { subscribe } = require('node:diagnostics_channel');
const { faultOf } = require('../faults.cjs');
const { collect, until } = require('../garbage.cjs');
const { lose } = require('../losing.cjs');
const { MmapFile, MmapFileMut } = require('../package.cjs');
const { say, turn } = require('../program.cjs');

/** The faults that are published from now on. */
const heard = () => {
  const found = /** @type {any[]} */ ([]);
  subscribe('fmmap:fault', (message) => {
    const { path, error } = /** @type {{ path: string, error: Error }} */ (message);
    const fault = faultOf(() => {
      throw error;
    });
    found.push({ ...fault, path });
  });
  return found;
};

/** Waits for a number of messages, then for any that should not come. */
const settled = async (messages, count) => {
  while (messages.length < count) await turn();
  for (let i = 0; i < 20; ++i) await turn();
  say(messages);
};

exports.faults = async (path) => {
  const content = fs.readFileSync(path);
  const messages = heard();
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  lose(path, view);
  view[5]; // and no call of fmmap
  await settled(messages, 1);
  faultOf(() => file.checkFault());
  fs.writeFileSync(path, content);
  file.reopen();
  const again = file.asBuffer();
  lose(path, again);
  again[7];
  await settled(messages, 2);
  file.close();
};

exports.late = async (path) => {
  const file = MmapFileMut.openExisting(path);
  const view = file.asBuffer();
  const messages = heard();
  lose(path, view);
  view[5];
  faultOf(() => file.readUInt8(0));
  faultOf(() => file.readUInt8(0));
  await settled(messages, 1);
  file.close();
};

exports.leaks = async (path) => {
  const ended = /** @type {any[]} */ ([]);
  subscribe('fmmap:close', (message) => {
    const { path, isLeak } = /** @type {any} */ (message);
    ended.push([path, isLeak]);
  });
  process.removeAllListeners('warning');
  (() => MmapFile.open(path).length)();
  await until(() => ended.length === 1);
  (() => MmapFile.memory('memory', 'x').length)();
  await until(() => ended.length === 2);
  collect();
  say(ended);
};

exports.throwing = (path) => {
  for (const name of ['open', 'close']) {
    subscribe(`fmmap:${name}`, () => {
      throw new Error('of the listener');
    });
  }
  const file = MmapFile.open(path);
  const { length } = file;
  file.close();
  say([length, file.isClosed]);
};
