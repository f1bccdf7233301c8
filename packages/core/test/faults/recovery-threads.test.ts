import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { FAULTS, faultError } from '../helpers/faults.js';
import { strace } from '../helpers/strace.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

const TOOLS = `
  ${THREADS}${FAULTS}
  const [path] = args;
  const CONTENT = fs.readFileSync(path);
  const attach = (token) => { my.view = (my.file = MmapFile.attach(token)).asBuffer(); };
  const look = (expected) => [my.file.isFaulted, my.file.length, my.file.copyBytes().equals(expected),
    my.view.equals(Buffer.concat([expected], my.view.length))];
`;

describe.each(['MmapFileMut.openExisting', 'MmapFile.open'])('%s with attached threads', (open) => {
  test.each(['owner', 'thread'])('recovers for all when one maps it again: %s', async (who) => {
    const said = await hear(
      `${TOOLS}
      const file = ${open}(path);
      const view = file.asBuffer();
      const threads = [startThread(), startThread()];
      for (const thread of threads) await thread.run(attach, file.share());
      for (const size of [0, ${PAGE + 9}, 3 * ${PAGE}, 30 * ${PAGE}]) {
        fs.writeFileSync(path, CONTENT);
        file.reopen();
        fs.truncateSync(path, 0);
        await threads[1].run(() => my.view[${2 * PAGE}]);
        const errors = [caught(() => file.readUInt8(0)).name];
        for (const thread of threads) errors.push(await thread.run(() => caught(() => my.file.readUInt8(0))));
        const now = Buffer.concat([CONTENT], size);
        fs.writeFileSync(path, now);
        if (${who === 'owner'}) file.reopen();
        else await threads[0].run(() => my.file.reopen());
        const seen = [[file.isFaulted, file.length, file.copyBytes().equals(now),
          view.equals(Buffer.concat([now], view.length))]];
        for (const thread of threads) seen.push(await thread.run(look, now));
        say([new Set(errors).size, errors[0], ...seen.map(([isFaulted, length, isContent]) =>
          !isFaulted && length === size && isContent)]);
        say(seen.map(([,,, isView]) => isView));
      }
      say(file.lockState);
      for (const thread of threads) await thread.end();
      file.close();`,
      { args: [tempFile(CONTENT)] },
    );
    const one = [
      [1, 'MmapFaultError', true, true, true],
      [true, true, true],
    ];
    const lock = open === 'MmapFile.open' ? 'shared' : 'exclusive';
    expect(said).toEqual([...Array(4).fill(one).flat(), lock]);
  });
});

test.each(['MmapFile', 'MmapFileMut'])(
  'a thread may come with %s.attach to reopen',
  async (type) => {
    const said = await hear(
      `${TOOLS}
    const file = MmapFileMut.openExisting(path);
    file.asBuffer();
    const token = file.share();
    const thread = startThread();
    await thread.run(() => 0);
    for (const size of [100, ${30 * PAGE}]) { // the second one needs other windows than those of the token
      fs.truncateSync(path, 0);
      say(caught(() => file.readUInt8(0)).name);
      fs.writeFileSync(path, Buffer.alloc(size, 7));
      say(await thread.run((token, size) => {
        my.file = ${type}.attach(token);
        const before = [my.file.isFaulted, caught(() => my.file.readUInt8(0))];
        my.file.reopen();
        const after = [my.file.isFaulted, my.file.length, my.file.copyBytes().equals(Buffer.alloc(size, 7))];
        my.file.close();
        return [...before, ...after];
      }, token, size));
      say([file.isFaulted, file.length, file.readUInt8(99)]);
    }
    await thread.end();`,
      { args: [tempFile(CONTENT)] },
    );
    const sizes = [100, 30 * PAGE];
    expect(said).toEqual(
      sizes.flatMap((size) => [
        'MmapFaultError',
        [true, 'MmapFaultError', false, size, true],
        [false, size, 7],
      ]),
    );
  },
);

test('a private copy with attached threads is not mapped again until they have let go', async () => {
  const path = tempFile(CONTENT);
  const said = await hear(
    `${TOOLS}
    const file = MmapFileMut.openCow(path);
    const thread = startThread();
    await thread.run(attach, file.share());
    fs.truncateSync(path, 0);
    say(faultOf(() => file.readUInt8(5)));
    say([caught(() => file.reopen()).name, file.isFaulted]);
    say([await thread.run(() => caught(() => my.file.reopen())), file.isFaulted, file.isPoisoned]);
    await thread.run(() => my.file.close());
    await thread.end();
    fs.writeFileSync(path, CONTENT);
    file.reopen();
    say([file.isFaulted, file.copyBytes().equals(CONTENT)]);
    file.close();`,
    { args: [path] },
  );
  expect(said).toEqual([
    faultError('truncated', 5, path),
    ['MmapUnsupportedError', true],
    ['MmapUnsupportedError', true, false],
    [false, true],
  ]);
});

test('threads that map a file again all at once, while it is cut and grown, agree in the end', async () => {
  const said = await hear(
    `${TOOLS}
    const file = MmapFileMut.openExisting(path);
    const threads = Array.from({ length: 4 }, startThread);
    for (const thread of threads) await thread.run(attach, file.share());
    const isOver = new Int32Array(new SharedArrayBuffer(4));
    const working = threads.map((thread) => thread.run((isOver) => {
      const errors = new Set();
      let rounds = 0;
      for (; Atomics.load(isOver, 0) === 0 || rounds < 50; ++rounds) {
        try {
          for (let at = 0; at < my.file.length; at += 97) my.file.readUInt8(at);
          my.view.indexOf('nowhere');
          my.file.copyBytes();
        } catch (error) { errors.add(error.name); }
        try { my.file.reopen(); } catch (error) { errors.add(error.name); }
      }
      return [...errors];
    }, isOver));
    for (let round = 0; round < 300; ++round) {
      fs.truncateSync(path, round % 2 === 0 ? 0 : ${3 * PAGE});
      if (round % 20 === 0) await turn();
    }
    Atomics.store(isOver, 0, 1);
    const errors = new Set((await Promise.all(working)).flat());
    errors.delete('MmapFaultError');
    errors.delete('MmapRangeError'); // it has become shorter in between
    fs.writeFileSync(path, CONTENT);
    file.reopen();
    say([...errors]);
    say([file.isFaulted, file.length, file.copyBytes().equals(CONTENT), file.isPoisoned]);
    for (const thread of threads) say(await thread.run(look, CONTENT));
    process.exit();`,
    { args: [tempFile(CONTENT)] },
  );
  const intact = [false, 3 * PAGE, true];
  expect(said).toEqual([[], [...intact, false], ...Array(4).fill([...intact, true])]);
});

test('a file that cannot be mapped again is poisoned, and can be closed', async () => {
  const path = tempFile(CONTENT);
  const { through } = strace('mmap', ['mmap:error=ENOMEM:when=2'], path);
  const said = await hear(
    `${TOOLS}
    const file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    fs.truncateSync(path, 0);
    const found = view[5];
    fs.writeFileSync(path, CONTENT);
    say([found, caught(() => file.reopen()).code]);
    say([file.isPoisoned, file.isFaulted, file.length, view[5], file.lockState]);
    say([caught(() => file.reopen()).name, caught(() => file.readUInt8(0)).name]);
    file.close();
    MmapFileMut.openExisting(path).close();`,
    { args: [path], through },
  );
  expect(said).toEqual([
    [0, 'ENOMEM'],
    [true, false, 0, 0, 'exclusive'],
    ['MmapPoisonedError', 'MmapPoisonedError'],
  ]);
});

test('a poisoned file is not mapped again', async () => {
  const path = tempFile(CONTENT);
  const { through } = strace('msync', ['msync:error=EIO:when=1']);
  const said = await hear(
    `${TOOLS}
    const file = MmapFileMut.openExisting(path);
    say([caught(() => file.flush()).code, caught(() => file.reopen()).name, file.isPoisoned]);
    file.close();`,
    { args: [path], through },
  );
  expect(said).toEqual([['EIO', 'MmapPoisonedError', true]]);
});
