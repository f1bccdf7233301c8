import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

const CONTENT = pattern(3 * 4096);

async function threads(source: string): Promise<unknown[]> {
  const said = `${THREADS}
    // The first thread of a process, and the first file in it, make things that stay.
    const warm = startThread();
    await warm.run(() => { MmapFile.memory('memory', 'x').close(); });
    await warm.end();
    MmapFile.open(args[0]).close();
    await collect();
    ${source}
    process.exit();`;
  return await hear(said, { args: [tempFile(CONTENT)] });
}

const ENDS = { 'ends by itself': 'end()', 'is terminated': 'terminate()' };

describe.each(Object.entries(ENDS))('a thread that %s', (_, end) => {
  test('releases the files that it had open', async () => {
    const said = await threads(`
      const before = [descriptors(), mappings()];
      for (let i = 0; i < 10; ++i) {
        const thread = startThread();
        await thread.run((path, i) => {
          my.file = MmapFileMut.openExisting(path);
          my.view = my.file.asBuffer();
          my.others = [MmapFileMut.anonymous(100_000), MmapFile.memory('memory', 'text')];
          my.token = my.file.share();
          my.attached = i % 2 && MmapFile.attach(my.token);
          if (i % 3 === 0) my.file.truncate(50_000);
        }, args[0], i);
        if (caught(() => MmapFile.open(args[0])).code !== 'EWOULDBLOCK') say('not locked');
        await thread.${end};
        MmapFileMut.openExisting(args[0]).close();
      }
      await collect();
      say([descriptors() - before[0], mappings() - before[1]]);
    `);
    expect(said).toEqual([[0, 0]]);
  });

  test('releases its attached handles, and the owner works on', async () => {
    const said = await threads(`
      const file = MmapFileMut.openExisting(args[0]);
      const before = [descriptors(), mappings()];
      for (let i = 0; i < 10; ++i) {
        const thread = startThread();
        await thread.run((token) => {
          my.file = MmapFileMut.attach(token);
          my.view = my.file.asBuffer();
          my.view.fill(7);
          my.reader = MmapFile.attach(token);
        }, file.share());
        await thread.${end};
      }
      await collect();
      say([descriptors() - before[0], mappings() - before[1]]);
      file.writeUInt8(9, 1);
      say([file.readUInt8(0), file.readUInt8(1), file.lockState, file.asBuffer()[2]]);
      file.truncate(5);
      say(file.freeze().length);
    `);
    expect(said).toEqual([[0, 0], [7, 9, 'exclusive', 7], 5]);
  });

  test('leaves what it opened to those who are attached', async () => {
    const said = await threads(`
      const before = [descriptors(), mappings()];
      const thread = startThread();
      const token = await thread.run((path) => {
        my.file = MmapFileMut.openExisting(path);
        my.file.writeUInt8(42, 5);
        return my.file.share();
      }, args[0]);
      let file = MmapFileMut.attach(token);
      const view = file.asBuffer();
      await thread.${end};
      await collect();
      say([file.isClosed, file.readUInt8(5), view[5], file.lockState]);
      file.truncate(100_000);
      file.writeUInt8(43, 99_999);
      file.flush();
      say(fs.readFileSync(args[0]).at(-1));
      say(caught(() => MmapFile.open(args[0])).code);
      file.close();
      say(view.every((byte) => byte === 0));
      MmapFileMut.openExisting(args[0]).close();
      await collect();
      say([descriptors() - before[0], mappings() - before[1]]);
    `);
    expect(said).toEqual([[false, 42, 42, 'exclusive'], 43, 'EWOULDBLOCK', true, [0, 0]]);
  });
});

/** What a thread may be in the middle of, for ever. */
const LOOPS = {
  'typed reads': 'for (;;) my.file.readUInt32LE(0)',
  'typed writes': 'for (;;) my.file.writeUInt32LE(7, 0)',
  stat: 'for (;;) my.file.stat()',
  flush: 'for (;;) my.file.flush()',
  truncate: 'for (let i = 0; ; ++i) my.file.truncate(4096 * (1 + i % 100))',
  'opening and closing': 'for (;;) MmapFileMut.anonymous(10_000).close()',
  'attaching and closing': 'for (;;) MmapFileMut.attach(token).close()',
  copyBytes: 'for (;;) my.file.copyBytes()',
  'locking and unlocking': 'for (;;) { my.file.unlock(); my.file.tryLock(); }',
  views: 'for (;;) my.file.asBuffer().fill(1)',
  errors: 'for (;;) caught(() => my.file.readUInt8(1e9))',
};

describe.each(Object.entries(LOOPS))(
  'a thread that is terminated in the middle of %s',
  (_, loop) => {
    test('never harms the others, and the owner can be closed', async () => {
      const said = await threads(`
      const before = [descriptors(), mappings()];
      for (let i = 0; i < 4; ++i) {
        const file = MmapFileMut.openExisting(args[0]);
        const threads = [startThread(), startThread(), startThread()];
        const flags = new Int32Array(new SharedArrayBuffer(4));
        for (const thread of threads) {
          thread.run((token, flags) => {
            my.file = MmapFileMut.attach(token);
            Atomics.add(flags, 0, 1);
            ${loop};
          }, file.share(), flags);
        }
        while (Atomics.load(flags, 0) < threads.length) await turn();
        for (const thread of threads) await thread.terminate();
        file.truncate(12_288);
        file.writeUInt8(i, 0);
        if (file.readUInt8(0) !== i || file.stat().size !== 12_288) say('broken');
        file.close();
      }
      await collect();
      say([descriptors() - before[0], mappings() - before[1]]);
    `);
      expect(said).toEqual([[0, 0]]);
    });
  },
);

describe('an attached handle that is dropped', () => {
  test('is released by the garbage collector, without a warning', async () => {
    const said = await threads(
      `
      const warnings = [];
      process.on('warning', ({ message }) => warnings.push(message));
      const file = MmapFileMut.openExisting(args[0]);
      const thread = startThread();
      await thread.run((token) => {
        for (let i = 0; i < 10; ++i) MmapFileMut.attach(token).readUInt8(0);
      }, file.share());
      say(caught(() => file.freeze()).name);
      await thread.run(collect);
      say([file.freeze().readUInt8(1), warnings]);
    `.replace('thread.run(collect)', 'thread.run(async () => { await collect(); })'),
    );
    expect(said).toEqual(['MmapUnsupportedError', [CONTENT[1], []]]);
  });

  test('goes on for as long as a view of it does', async () => {
    const said = await threads(`
      const file = MmapFileMut.openExisting(args[0]);
      const thread = startThread();
      await thread.run(async (token) => {
        my.view = MmapFileMut.attach(token).asBuffer();
        await collect();
      }, file.share());
      file.writeUInt8(250, 9);
      say(await thread.run(() => my.view[9]));
      file.close();
      say(await thread.run(() => my.view[9]));
    `);
    expect(said).toEqual([250, 0]);
  });
});

test('an owner that is dropped leaves the memory to those who are attached', async () => {
  const said = await threads(`
    const thread = startThread();
    let file = MmapFileMut.openExisting(args[0]);
    await thread.run((token) => { my.file = MmapFileMut.attach(token); }, file.share());
    file = undefined;
    await collect();
    say(await thread.run(() => {
      my.file.truncate(20_000);
      return [my.file.isClosed, my.file.readUInt8(1), my.file.length, my.file.lockState];
    }));
    await thread.run(() => my.file.close());
    await collect();
    MmapFileMut.openExisting(args[0]).close();
    say(mappings());
  `);
  expect(said).toEqual([[false, CONTENT[1], 20_000, 'exclusive'], 0]);
});
