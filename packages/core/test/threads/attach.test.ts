import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

/** Runs a program with threads on a file of its own; ends those with it. */
async function threads(source: string, path = tempFile(CONTENT), through: string[] = []) {
  return await hear(`${THREADS}${source}\nprocess.exit();`, { args: [path], through });
}

/** A file, and a thread in which `my.file` is attached to it. */
const ATTACHED = `
  const file = MmapFileMut.openExisting(args[0]);
  const thread = startThread();
  const attach = (token) => { my.file = MmapFileMut.attach(token); };
  await thread.run(attach, file.share());
`;

describe('an attached handle', () => {
  test.each([
    'MmapFileMut.openExisting(args[0])',
    'MmapFileMut.openExisting(args[0], { offset: 5, detachOnClose: true })',
    'MmapFileMut.openCow(args[0])',
    'MmapFileMut.memory("memory", Buffer.alloc(5000, 1))',
    'MmapFileMut.anonymous(5000)',
  ])('shows the memory of %s, both ways', async (open) => {
    const said = await threads(`
      const file = ${open};
      const view = file.asBuffer();
      const thread = startThread();
      say(await thread.run((token) => {
        my.file = MmapFileMut.attach(token);
        my.view = my.file.asBuffer();
        return [my.file.path === token.path, my.file.length === my.view.length, my.file.isCow];
      }, file.share()));
      file.writeUInt32LE(0xdeadbeef, 100);
      view[4500] = 77;
      say(await thread.run(() => {
        const seen = [my.file.readUInt32LE(100), my.view.readUInt32LE(100), my.file.readUInt8(4500)];
        my.file.writeAll('from the thread', 200);
        my.view[4999] = 88;
        return seen;
      }));
      say([file.copyBytes(200, 15).toString(), view.toString('latin1', 200, 215), view[4999]]);
    `);
    expect(said).toEqual([
      [true, true, open.includes('Cow')],
      [0xdeadbeef, 0xdeadbeef, 77],
      ['from the thread', 'from the thread', 88],
    ]);
  });

  test('has views on which Atomics of all threads are exact', async () => {
    const said = await threads(`
      const file = MmapFileMut.openExisting(args[0], { shared: true });
      file.zeroRange(0, 16);
      const count = (token) => {
        const file = MmapFileMut.attach(token, { shared: true });
        const counter = new Int32Array(file.asBuffer().buffer, 0, 1);
        for (let i = 0; i < 100_000; ++i) Atomics.add(counter, 0, 1);
      };
      const counting = Array.from({ length: 4 }, () => startThread().run(count, file.share()));
      const counter = new Int32Array(file.asBuffer().buffer, 0, 1);
      for (let i = 0; i < 100_000; ++i) Atomics.add(counter, 0, 1);
      await Promise.all(counting);
      say(file.readInt32LE(0));
    `);
    expect(said).toEqual([500_000]);
  });

  test('has views on which Atomics.wait is woken by Atomics.notify of another thread', async () => {
    const said = await threads(`
      const options = { shared: true };
      const file = MmapFileMut.openExisting(args[0], options);
      const thread = startThread();
      const attach = (token, options) => { my.file = MmapFileMut.attach(token, options); };
      await thread.run(attach, file.share(), options);
      const words = new Int32Array(file.asBuffer().buffer, 0, 2);
      words[0] = 0;
      const waiting = thread.run(() => {
        const words = new Int32Array(my.file.asBuffer().buffer, 0, 2);
        return Atomics.wait(words, 0, 0);
      });
      while (Atomics.notify(words, 0) === 0) await turn();
      say(await waiting);
    `);
    expect(said).toEqual(['ok']);
  });

  test('knows of the lock, whichever handle takes or gives it', async () => {
    const said = await threads(`
      ${ATTACHED}
      const states = async () => [file.lockState, await thread.run(() => my.file.lockState)];
      say(await states());
      file.unlock();
      say(await states());
      say(await thread.run(() => my.file.tryLock()));
      say(await states());
      say(caught(() => MmapFile.open(args[0])).name);
      await thread.run(() => my.file.unlock());
      file.lockShared();
      say(await states());
      say(await thread.run(() => caught(() => my.file.lock())));
      MmapFile.open(args[0]).close();
    `);
    expect(said).toEqual([
      ['exclusive', 'exclusive'],
      ['none', 'none'],
      true,
      ['exclusive', 'exclusive'],
      'MmapLockError',
      ['shared', 'shared'],
      'MmapLockError',
    ]);
  });

  test.each([
    ['the owner', 'caught(() => file.flush()).code'],
    ['the thread', 'await thread.run(() => caught(() => my.file.flush()) && "EIO")'],
  ])('is poisoned with the others when %s cannot flush', async (_, flush) => {
    const { through } = strace('msync', ['msync:error=EIO:when=1']);
    const said = await threads(
      `
      ${ATTACHED}
      const other = startThread();
      await other.run(attach, file.share());
      await thread.run(() => my.file.readUInt8(0));
      file.readUInt8(0);
      say(${flush});
      const look = () => [
        caught(() => my.file.readUInt8(0)), caught(() => my.file.writeUInt8(0, 0)),
        my.file.isPoisoned, my.file.length, my.file.isClosed, caught(() => my.file.flush()),
      ];
      say(await thread.run(look));
      say(await other.run(look));
      say([caught(() => file.readUInt8(0)).name, file.isPoisoned, file.length, file.isClosed]);
      `,
      tempFile(CONTENT),
      through,
    );
    const poisoned = [
      'MmapPoisonedError',
      'MmapPoisonedError',
      true,
      0,
      false,
      'MmapPoisonedError',
    ];
    expect(said).toEqual(['EIO', poisoned, poisoned, ['MmapPoisonedError', true, 0, false]]);
  });

  test.each(['close()', 'remove()', 'closeWithTruncate(10)', '[Symbol.dispose]()'])(
    'is over when its owner does %s, and its views read zeroes',
    async (end) => {
      const said = await threads(`
        ${ATTACHED}
        await thread.run(() => { my.view = my.file.asBuffer(); my.file.readUInt8(1); });
        file${end.startsWith('[') ? '' : '.'}${end};
        say(await thread.run(() => [
          caught(() => my.file.readUInt8(1)), caught(() => my.file.writeUInt8(1, 1)),
          caught(() => my.file.asBuffer()), my.file.isClosed, my.file.length, my.file.lockState,
          my.view.every((byte) => byte === 0),
        ]));
        await thread.run(() => { my.view.fill(1); my.file.close(); my.file.close(); });
      `);
      const closed = Array(3).fill('MmapClosedError');
      expect(said).toEqual([[...closed, true, 0, 'none', true]]);
    },
  );

  test('that is closed leaves the owner and the other handles open', async () => {
    const said = await threads(`
      ${ATTACHED}
      const other = startThread();
      await other.run(attach, file.share());
      say(await thread.run(() => {
        const view = my.file.asBuffer();
        my.file.close();
        return [my.file.isClosed, caught(() => my.file.readUInt8(0)), my.file.length];
      }));
      file.writeUInt8(99, 0);
      say([file.isClosed, file.readUInt8(0), file.lockState, file.asBuffer()[0]]);
      say(await other.run(() => [my.file.isClosed, my.file.readUInt8(0)]));
      file.truncate(5);
      say(await other.run(() => my.file.length));
    `);
    expect(said).toEqual([
      [true, 'MmapClosedError', 0],
      [false, 99, 'exclusive', 99],
      [false, 99],
      5,
    ]);
  });

  test('may share in its turn', async () => {
    const said = await threads(`
      ${ATTACHED}
      const third = startThread();
      await third.run(attach, await thread.run(() => my.file.share()));
      file.truncate(${5 * PAGE});
      file.writeUInt8(55, ${5 * PAGE - 1});
      say(await third.run(() => [my.file.length, my.file.readUInt8(my.file.length - 1)]));
    `);
    expect(said).toEqual([[5 * PAGE, 55]]);
  });
});

describe('attach', () => {
  test.each([
    ['after the owner was closed', 'file.close();'],
    ['after the owner was removed', 'file.remove();'],
    ['after the owner was closed and others were opened', 'file.close(); others();'],
  ])('%s throws MmapClosedError', async (_, end) => {
    const said = await threads(`
      const file = MmapFileMut.openExisting(args[0]);
      const token = file.share();
      const others = () => Array.from({ length: 20 }, () => MmapFileMut.anonymous(${3 * PAGE}));
      ${end}
      say(caught(() => MmapFileMut.attach(token)).name);
      say(await startThread().run((token) => caught(() => MmapFile.attach(token)), token));
    `);
    expect(said).toEqual(['MmapClosedError', 'MmapClosedError']);
  });

  test('of a read-only file gives a MmapFile only', async () => {
    const said = await threads(`
      const file = MmapFile.open(args[0]);
      say(await startThread().run((token) => {
        const file = MmapFile.attach(token);
        return [file.length, file.readUInt8(1), file.lockState,
          caught(() => MmapFileMut.attach(token)), file.isClosed];
      }, file.share()));
      say(caught(() => MmapFileMut.attach(file.share())).name);
    `);
    expect(said).toEqual([
      [CONTENT.length, CONTENT[1], 'shared', 'MmapUnsupportedError', false],
      'MmapUnsupportedError',
    ]);
  });

  test('as a MmapFile to a writable file gives a handle that cannot write', async () => {
    const said = await threads(`
      const file = MmapFileMut.openExisting(args[0]);
      const thread = startThread();
      say(await thread.run((token) => {
        my.file = MmapFile.attach(token);
        return [my.file instanceof MmapFileMut, 'writeUInt8' in my.file, 'truncate' in my.file,
          my.file.readUInt8(1), my.file.lockState];
      }, file.share()));
      file.writeUInt8(200, 1);
      file.truncate(100);
      say(await thread.run(() => [my.file.readUInt8(1), my.file.length]));
    `);
    expect(said).toEqual([
      [false, false, false, CONTENT[1], 'exclusive'],
      [200, 100],
    ]);
  });

  test('with a token from before a freeze gives no handle that writes', async () => {
    const said = await threads(`
      const file = MmapFileMut.openExisting(args[0]);
      const token = file.share();
      const frozen = file.freeze();
      say(caught(() => MmapFileMut.attach(token).writeUInt8(1, 0)).name);
      say(await startThread().run((token) => caught(() => MmapFileMut.attach(token).fill(1)), token));
      say(MmapFile.attach(token).readUInt8(1));
    `);
    expect(said).toEqual(['MmapUnsupportedError', 'MmapUnsupportedError', CONTENT[1]]);
  });

  test.each([undefined, null, 1, 'token', {}, { fmmap: 2 }, { fmmap: 1 }])(
    'with %j, which is no token, throws a TypeError',
    async (token) => {
      const said = await threads(
        `say(caught(() => MmapFile.attach(${JSON.stringify(token)})).name);`,
      );
      expect(said).toEqual(['TypeError']);
    },
  );
});

test('freeze is refused while a thread is attached, and works when that has closed', async () => {
  const path = tempFile(CONTENT);
  const said = await threads(
    `
    ${ATTACHED}
    const { name, code } = caught(() => file.freeze());
    say([name, code, caught(() => file.freezeExec()).name, file.isPoisoned, file.isClosed]);
    file.writeUInt8(66, 0);
    say(await thread.run(() => caught(() => my.file.freeze())));
    say(await thread.run(() => { const seen = my.file.readUInt8(0); my.file.close(); return seen; }));
    say(file.freeze().readUInt8(0));
  `,
    path,
  );
  expect(said).toEqual([
    ['MmapUnsupportedError', 'ERR_MMAP_UNSUPPORTED', 'MmapUnsupportedError', false, false],
    'MmapUnsupportedError',
    66,
    66,
  ]);
  expect(fs.readFileSync(path)[0]).toBe(66);
});
