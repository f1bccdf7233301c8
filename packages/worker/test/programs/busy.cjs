// For programs that end while there is work: jobs of every kind, and threads that are used up.
const fs = require('node:fs');
const { AsyncMmapFileMut, WorkerPool } = require('./package.cjs');

/** Starts more jobs than there are threads, some of which never end. */
const busy = async (path) => {
  const pool = new WorkerPool({ size: 3 });
  const file = await AsyncMmapFileMut.open(path);
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const all = /** @type {Promise<unknown>[]} */ ([
    file.runWith({ pool }, () => {
      for (;;);
    }),
    file.runWith(
      { pool },
      (_file, flag) => {
        Atomics.wait(flag, 0, 0);
      },
      flag,
    ),
    file.map(() => undefined, { pool, chunkSize: 100 }),
    file.run(async () => {
      for (;;) await null;
    }),
  ]);
  for (let i = 0; i < 50; ++i)
    all.push(
      file.flush(),
      file.run((file) => file.length),
      file.prefetch(),
    );
  for (const job of all) job.catch(() => {});
  return { file, pool, all };
};

/** Threads of the process. */
const threads = () => fs.readdirSync('/proc/self/task').length;

module.exports = { busy, threads };
