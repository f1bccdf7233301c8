// The thread that `startThread` makes: calls the functions that it is sent, one by one.
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { parentPort, workerData } = require('node:worker_threads');

if (parentPort === null) throw new Error('thread.cjs is started by startThread()');

// What these functions can use.
const fs = require('node:fs');
const { faultOf } = require('./faults.cjs');
const fmmap = require('./package.cjs');
const { gc, turn } = require('./program.cjs');
const { collect, meet, my } = require('./threads.cjs');
const { MmapFile, MmapFileMut } = fmmap;
const PAGE = 4096;

/** The name of the error that a call throws. */
const caught = (call) => {
  try {
    call();
  } catch (error) {
    return error.name;
  }
  return 'no error';
};

const scope = {
  ...workerData.constants,
  // Resolves like the program, which is in a folder here, such as this one.
  require: createRequire(join(__dirname, 'threads', 'program.cjs')),
  ...{ parentPort, fs, fmmap, MmapFile, MmapFileMut, PAGE },
  ...{ my, meet, caught, faultOf, gc, turn, collect },
};
const evaluate = (source) =>
  new Function(...Object.keys(scope), `return (${source});`)(...Object.values(scope));

const port = parentPort;
port.on('message', async ({ source, args }) => {
  try {
    port.postMessage({ value: await evaluate(source)(...args) });
  } catch (error) {
    port.postMessage({ error: String(error?.stack ?? error) });
  }
});
