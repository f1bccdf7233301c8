// Streams that have a signal, and listen to it.
const { getEventListeners } = require('node:events');
const { apart, collect, until } = require('../../../core/test/programs/garbage.cjs');
const { say } = require('../../../core/test/programs/program.cjs');
const { AsyncMmapFileMut } = require('./package.cjs');

/** What may have a signal, and be neither ended nor cancelled. */
exports.STREAMS = {
  'readables that were never read': (file, signal) => {
    file.readable({ signal });
  },
  'readables that were read in part': (file, signal) => {
    void file.readable({ signal, chunkSize: 10 }).getReader().read();
  },
  'BYOB readers': (file, signal) => {
    void file.readable({ signal }).getReader({ mode: 'byob' }).read(new Uint8Array(5));
  },
  'writables that were never written': (file, signal) => {
    file.writable({ signal });
  },
  'writables that were written': (file, signal) => {
    void file.writable({ signal }).getWriter().write('x');
  },
  'writables that grow': (file, signal) => {
    file.writable({ signal, grow: true });
  },
  'lines that were never read': (file, signal) => {
    file.lines({ signal });
  },
  'lines that were read in part': (file, signal) => {
    void file.lines({ signal }).next();
  },
};

exports.drop = async (streams, path) => {
  const make = exports.STREAMS[streams];
  const warnings = [];
  process.on('warning', ({ name }) => warnings.push(name));
  const file = await AsyncMmapFileMut.open(path);
  const { signal } = new AbortController();
  const count = () => getEventListeners(signal, 'abort').length;
  await apart(() => {
    for (let index = 0; index < 1000; ++index) make(file, signal);
  });
  say(count() <= 1);
  await until(() => count() === 0);
  say(warnings);
  await file.close();
};

exports.consumerAlone = async (path) => {
  const file = await AsyncMmapFileMut.open(path);
  const controller = new AbortController();
  const reader = await apart(() => file.readable({ signal: controller.signal }).getReader());
  await collect();
  controller.abort(new Error('enough'));
  try {
    await reader.read();
    say('no error');
  } catch ({ message }) {
    say(message);
  }
  await file.close();
};
