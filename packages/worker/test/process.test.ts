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
  ['exits', 'process.exit(3)', 'ended before it was done'],
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
      say(await failed(attempt()));
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
