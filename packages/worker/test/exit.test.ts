import { describe, expect, test } from 'vitest';
import { child, hear } from '../../core/test/helpers/child.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { main } from './helpers/refusing.js';

const CONTENT = pattern(10_000);

/** Jobs of every kind: more than there are threads, and some that never end. */
const BUSY = `
  const busy = async (fmmap, path) => {
    const { AsyncMmapFileMut, WorkerPool } = fmmap;
    const pool = new WorkerPool({ size: 3 });
    const file = await AsyncMmapFileMut.open(path);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const all = [
      file.runWith({ pool }, () => { for (;;); }),
      file.runWith({ pool }, (file, flag) => { Atomics.wait(flag, 0, 0); }, flag),
      file.map(() => {}, { pool, chunkSize: 100 }),
      file.run(async () => { for (;;) await null; }),
    ];
    for (let i = 0; i < 50; ++i) all.push(file.flush(), file.run((file) => file.length), file.prefetch());
    for (const job of all) job.catch(() => {});
    return { file, pool, all };
  };
`;

describe('process.exit ends the process with its code', () => {
  test.each([
    ['before any thread has started', 'busy(fmmap, args[0]); process.exit(7);'],
    ['while threads start', 'busy(fmmap, args[0]); await turn(); await turn(); process.exit(7);'],
    ['as soon as a file is open', 'await busy(fmmap, args[0]); process.exit(7);'],
    [
      'when the first is done',
      'const { all } = await busy(fmmap, args[0]); await Promise.race(all); process.exit(7);',
    ],
    [
      'when more are done',
      'const { file } = await busy(fmmap, args[0]); for (let i = 0; i < 20; ++i) await file.flush(); process.exit(7);',
    ],
    [
      'in the progress of a map',
      `const { file } = await busy(fmmap, args[0]);
       await file.map(() => {}, { chunkSize: 100, onProgress: () => process.exit(7) });`,
    ],
    [
      'while threads are terminated',
      `const { file, pool } = await busy(fmmap, args[0]);
       const stop = new AbortController();
       file.runWith({ signal: stop.signal }, () => { for (;;); }).catch(() => process.exit(7));
       await file.flush();
       stop.abort();`,
    ],
    [
      'while a pool is destroyed',
      'const { pool } = await busy(fmmap, args[0]); pool.destroy(); process.exit(7);',
    ],
    [
      'while the file is closed',
      'const { file } = await busy(fmmap, args[0]); file.close(); await turn(); process.exit(7);',
    ],
    [
      'from a task that has ended its thread',
      `const { file } = await busy(fmmap, args[0]);
       file.runWith({ pool: new fmmap.WorkerPool() }, () => process.exit(3)).catch(() => process.exit(7));`,
    ],
    [
      'with pools in other threads',
      `const { Worker } = require('node:worker_threads');
       const source = ${JSON.stringify(`
        const { parentPort, workerData } = require('node:worker_threads');
        ${BUSY}
        busy(require(workerData.main), workerData.path).then(() => parentPort.postMessage('busy'));
      `)};
       const workerData = { main: ${JSON.stringify(main)}, path: args[0] };
       new Worker(source, { eval: true, workerData }).once('message', () => process.exit(7));`,
    ],
  ])('%s', async (_, source) => {
    const { code, signal, stderr } = await child(`${BUSY} ${source}`, {
      main,
      args: [tempFile(CONTENT)],
    });
    expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
  });
});

describe('a thread with a pool of its own', () => {
  const NESTED = `
    ${BUSY}
    const { parentPort, workerData: { main, path, moment } } = require('node:worker_threads');
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const moments = {
      'at once': () => {},
      'while threads start': async () => { await turn(); },
      'when files are open': (opening) => opening,
      'when the first is done': async (opening) => Promise.race((await opening).all),
    };
    const opening = busy(require(main), path);
    Promise.resolve(moments[moment](opening)).then(() => parentPort.postMessage(moment));
  `;

  test.each(['at once', 'while threads start', 'when files are open', 'when the first is done'])(
    'can be terminated %s, and leaves neither lock nor thread',
    async (moment) => {
      const said = await hear(
        `
        const { Worker } = require('node:worker_threads');
        const { once } = require('node:events');
        const threads = () => fs.readdirSync('/proc/self/task').length;
        const before = threads();
        const nested = new Worker(${JSON.stringify(NESTED)}, {
          eval: true,
          workerData: { main: ${JSON.stringify(main)}, path: args[0], moment: args[1] },
        });
        say((await once(nested, 'message'))[0]);
        say(await nested.terminate());
        say(threads() - before);
        const file = await fmmap.AsyncMmapFileMut.open(args[0]); // nobody has its lock
        say(file.readUInt8(1));
      `,
        { main, args: [tempFile(CONTENT), moment] },
      );
      expect(said).toEqual([moment, 1, 0, CONTENT[1]]);
    },
  );

  test('is ended with all its threads by the signal of the task that made it', async () => {
    const said = await hear(
      `
      const { AsyncMmapFileMut, WorkerPool } = fmmap;
      const threads = () => fs.readdirSync('/proc/self/task').length;
      const pool = new WorkerPool({ size: 1 });
      const file = await AsyncMmapFileMut.open(args[0]);
      const before = threads();
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const task = async (file, main, flag) => {
        const { AsyncMmapFile } = (await import('node:module')).createRequire(main)(main);
        await AsyncMmapFile.attach(file.share()).run((file, flag) => {
          Atomics.store(flag, 0, 1);
          Atomics.notify(flag, 0);
          for (;;);
        }, flag);
      };
      const stop = new AbortController();
      const running = file.runWith({ pool, signal: stop.signal }, task, ${JSON.stringify(main)}, flag);
      const ended = running.catch((error) => error === stop.signal.reason);
      await Atomics.waitAsync(flag, 0, 0).value;
      stop.abort();
      say(await ended);
      await file.close(); // which waits for the thread
      say(threads() - before);
      say(await AsyncMmapFileMut.open(args[0]).then((file) => file.length));
    `,
      { main, args: [tempFile(CONTENT)] },
    );
    expect(said).toEqual([true, 0, 10_000]);
  });

  test('may exit, which harms nobody else', async () => {
    const said = await hear(
      `
      const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      const file = fmmap.AsyncMmapFile.memory('x', 'hello');
      say(await file.run((file) => file.length));
      const source = ${JSON.stringify(`${BUSY}
        const { workerData: { main, path } } = require('node:worker_threads');
        busy(require(main), path).then(() => process.exit(5));
      `)};
      const nested = new Worker(source, {
        eval: true,
        workerData: { main: ${JSON.stringify(main)}, path: args[0] },
      });
      say((await once(nested, 'exit'))[0]);
      say(await file.run((file) => file.length));
    `,
      { main, args: [tempFile(CONTENT)] },
    );
    expect(said).toEqual([5, 5, 5]);
  });
});
