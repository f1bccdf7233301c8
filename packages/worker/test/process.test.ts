import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type ChildOptions, child, hear } from '../../core/test/helpers/child.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';

const CONTENT = pattern(10_000);
const main = fileURLToPath(new URL('../dist/index.cjs', import.meta.url));
const options = (args: string[] = [tempFile(CONTENT)]): ChildOptions => ({ main, args });

test('idle threads do not keep the process alive, and work under way does', async () => {
  expect(
    await hear(
      `
      const file = await fmmap.AsyncMmapFile.open(args[0]);
      say(await file.run((file) => file.length));
      file.run(async (file) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return file.readUInt8(1);
      }).then(say);
      process.on('exit', () => say('exit'));
    `,
      options(),
    ),
  ).toEqual([10_000, CONTENT[1], 'exit']);
});

test('a process may exit with work pending', async () => {
  const { code, signal, stderr } = await child(
    `
      const file = await fmmap.AsyncMmapFileMut.open(args[0]);
      file.run(() => { for (;;); });
      for (let i = 0; i < 100; ++i) { file.run(() => {}); file.flush(); }
      await file.run(() => {});
      process.exit(7);
    `,
    options(),
  );
  expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
});

test.each([
  ['throws', "throw new Error('no threads today')", 'no threads today'],
  ['exits', 'process.exit(3)', 'worker exited with code: 3'],
])('where what threads load first %s, work is rejected and says why', async (_, act, why) => {
  const preload = tempFile(
    `
    if (!require('node:worker_threads').isMainThread && process.env.BROKEN) ${act};
  `,
    'preload.cjs',
  );
  const said = await hear(
    `
      const { AsyncMmapFile, getDefaultPool } = fmmap;
      const attempt = () => AsyncMmapFile.open(args[0]).then((file) => file.close());
      const failed = (promise) => promise.then(() => 'done', ({ code, message }) => ({ code, message }));
      process.env.BROKEN = '1';
      for (const each of await Promise.all([1, 2, 3, 4, 5].map(() => failed(attempt())))) say(each);
      delete process.env.BROKEN;
      let last;
      do {
        await turn();
        last = await failed(attempt()); // not at once: a failed start is followed by a pause
      } while (last !== 'done');
      say(last);
      say(getDefaultPool().queued);
    `,
    { ...options(), flags: ['--require', preload] },
  );
  expect(said.slice(5)).toEqual(['done', 0]);
  for (const error of said.slice(0, 5)) {
    expect(error).toMatchObject({
      code: 'ERR_MMAP_POOL_THREAD',
      message: expect.stringContaining(why),
    });
  }
});

test.each([
  ['while', 'signal.onabort = () => { destroyed = pool.destroy(); }; stop.abort(); await ended;'],
  ['after', 'stop.abort(); await ended; destroyed = pool.destroy();'],
])('a pool that is destroyed %s a task is aborted has ended all threads', async (_, act) => {
  const said = await hear(
    `
      const threads = () => fs.readdirSync('/proc/self/task').length;
      const { AsyncMmapFile, WorkerPool } = fmmap;
      const file = await AsyncMmapFile.open(args[0]);
      const before = threads();
      const pool = new WorkerPool({ size: 1 });
      const flag = new Int32Array(new SharedArrayBuffer(4));
      const stop = new AbortController();
      const { signal } = stop;
      const task = (file, flag) => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); for (;;); };
      const ended = file.runWith({ pool, signal }, task, flag).catch((error) => say(error === signal.reason));
      await Atomics.waitAsync(flag, 0, 0).value;
      let destroyed;
      ${act}
      await destroyed;
      say(threads() - before);
    `,
    options(),
  );
  expect(said).toEqual([true, 0]);
});

test('what a task prints is there before its result', async () => {
  const { code, stdout, stderr } = await child(
    `
      const file = await fmmap.AsyncMmapFile.open(args[0]);
      await file.run(() => {
        for (let line = 0; line < 100; ++line) console.log(line);
        console.error('error');
      });
      process.exit(0);
    `,
    options(),
  );
  const lines = Array.from({ length: 100 }, (_, line) => `${line}\n`);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: lines.join(''), stderr: 'error\n' });
});

test('a task that uses up the heap ends its thread only', async () => {
  const said = await hear(
    `
      const file = await fmmap.AsyncMmapFile.open(args[0]);
      const fill = () => { for (const all = []; ; ) all.push(new Array(1e5).fill(1.5)); };
      say(await file.run(fill).catch(({ code, cause }) => [code, cause.code]));
      say(await file.run((file) => file.length));
      await file.close();
    `,
    { ...options(), flags: ['--max-old-space-size=60'] },
  );
  expect(said).toEqual([['ERR_MMAP_POOL_THREAD', 'ERR_WORKER_OUT_OF_MEMORY'], 10_000]);
});

test('nothing is left of a thousand files and tasks', async () => {
  expect(
    await hear(
      `
      const { AsyncMmapFile, getDefaultPool } = fmmap;
      const open = async () => {
        const file = await AsyncMmapFile.open(args[0]);
        await Promise.all([file.run((file) => file.length), file.prefetch()]);
        await file.close();
      };
      const count = () => fs.readdirSync('/proc/self/fd').length;
      await Promise.all([open(), open()]);
      const before = count();
      for (let i = 0; i < 10; ++i) await Promise.all(Array.from({ length: 100 }, open));
      say(count() - before);
      say(fs.readFileSync('/proc/self/maps', 'utf8').includes(args[0]));
      await getDefaultPool().destroy();
    `,
      options(),
    ),
  ).toEqual([0, false]);
});
