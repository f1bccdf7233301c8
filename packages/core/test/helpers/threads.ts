import { DIST } from './child.js';

/** What a worker thread runs: the functions that its thread object is given, one by one. */
const WORKER = `
  const { parentPort } = require('node:worker_threads');
  const fs = require('node:fs');
  const { MmapFile, MmapFileMut, ...fmmap } = require(${JSON.stringify(DIST)});
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const collect = async () => { for (let i = 0; i < 5; ++i) { gc(); await turn(); } };
  const caught = (call) => {
    try { call(); } catch (error) { return error.name; }
    return 'no error';
  };
  const my = {};
  parentPort.on('message', async ({ source, args }) => {
    try {
      parentPort.postMessage({ value: await eval('(' + source + ')')(...args) });
    } catch (error) {
      parentPort.postMessage({ error: String(error?.stack ?? error) });
    }
  });
`;

/**
 * For the source of a child: `startThread()` makes a worker thread, and \`thread.run(f, ...args)\`
 * has it call \`f\`, which sees what every child sees and \`my\`, where a thread keeps things.
 */
export const THREADS = `
  const { Worker } = require('node:worker_threads');
  const collect = async () => { for (let i = 0; i < 5; ++i) { gc(); await turn(); } };
  const startThread = () => {
    const worker = new Worker(${JSON.stringify(WORKER)}, { eval: true });
    const ended = new Promise((resolve) => worker.on('exit', resolve));
    const waiting = [];
    worker.on('message', (answer) => waiting.shift()(answer));
    worker.on('error', (error) => { throw error; });
    return {
      worker,
      async run(call, ...args) {
        const answer = new Promise((resolve) => waiting.push(resolve));
        worker.postMessage({ source: String(call), args });
        const { value, error } = await answer;
        if (error) throw new Error(error);
        return value;
      },
      /** Lets the thread end by itself. */
      async end() {
        worker.postMessage({ source: '() => { parentPort.close(); }', args: [] });
        return ended;
      },
      terminate: () => worker.terminate(),
    };
  };
  const descriptors = () => fs.readdirSync('/proc/self/fd').length;
  /** Mapped ranges of the file at args[0]. */
  const mappings = () => fs.readFileSync('/proc/self/maps', 'utf8').split(args[0]).length - 1;
`;
