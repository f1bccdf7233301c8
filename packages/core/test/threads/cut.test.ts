import { expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { strace } from '../helpers/strace.js';
import { tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

// A file is being cut, and the system takes its time: what other threads do meanwhile.

const MIB = 2 ** 20;

/** A writable file with a thread attached, which has a window of its own since the file has grown. */
const OWN_WINDOW = `
  const [path] = args;
  const file = MmapFileMut.openExisting(path);
  const thread = startThread();
  await thread.run((token) => { my.file = MmapFileMut.attach(token); }, file.share());
  file.truncate(${16 * MIB});
  await thread.run(() => my.file.readUInt8(${2 * MIB}));
`;

/** @param cut - Which call of the thread that cuts is the cut: each thread's are counted. The owner has truncated once. */
async function whileCutting(source: string, fault: string, cut = 2): Promise<unknown[]> {
  const path = tempFile(Buffer.alloc(MIB, 7));
  const { through } = strace('ftruncate', [`ftruncate:${fault}:when=${cut}`], path);
  return await hear(`${THREADS}${OWN_WINDOW}${source}\nprocess.exit();`, { args: [path], through });
}

test('a thread that lets go of its window then may end, and its memory is left alone', async () => {
  const said = await whileCutting(
    `
    const gone = new Promise((resolve) => thread.worker.once('exit', resolve));
    void thread.run(async (path) => {
      while (fs.statSync(path).size !== 4096) {}
      my.file.close();
      my.file = undefined;
      await collect();
      parentPort.close();
    }, path);
    await turn();
    file.truncate(4096);
    await gone;
    say([file.length, file.readUInt8(4095)]);
    file.truncate(8192);
    say([file.readUInt8(0), file.readUInt8(8191)]);
    file.close();`,
    'delay_exit=1500000',
  );
  expect(said).toEqual([
    [4096, 7],
    [7, 0],
  ]);
});

test('a thread that looks at the length then has the right one after a cut that fails', async () => {
  const said = await whileCutting(
    `
    const isOver = new Int32Array(new SharedArrayBuffer(4));
    const looking = thread.run((token, isOver) => {
      const seen = new Set();
      while (Atomics.load(isOver, 0) === 0) {
        const file = MmapFileMut.attach(token);
        seen.add(file.length);
        seen.add(my.file.length);
        my.attached?.close();
        my.attached = file;
      }
      return [...seen].filter((length) => length !== ${16 * MIB} && length !== 4096);
    }, file.share(), isOver);
    await turn();
    say(caught(() => file.truncate(4096)).code);
    Atomics.store(isOver, 0, 1);
    say(await looking);
    const lengths = () => [my.file.length, my.attached.length, my.attached.readUInt8(${2 * MIB})];
    say([file.length, ...await thread.run(lengths)]);`,
    'error=EIO:delay_enter=1000000',
  );
  expect(said).toEqual(['EIO', [], [16 * MIB, 16 * MIB, 16 * MIB, 0]]);
});

test('the owner closes meanwhile, and the truncate says so', async () => {
  const said = await whileCutting(
    `
    const cutting = thread.run(() => caught(() => my.file.truncate(4096)));
    while (fs.statSync(path).size !== 4096) await turn();
    const view = file.bytes(0, 10);
    file.close();
    say([await cutting, [...view].some((byte) => byte !== 0), fs.statSync(path).size]);
    MmapFileMut.openExisting(path).close();`,
    'delay_exit=1500000',
    1,
  );
  expect(said).toEqual([['MmapClosedError', false, 4096]]);
});

// The page in which the file ends then stays, and nobody meets a fault in it.
const END = MIB - 100;

test('a thread that reads past an end that is to be within a page gets the byte, until there is none', async () => {
  const said = await whileCutting(
    `
    const reading = thread.run((path) => {
      const target = new Uint8Array(10);
      const seen = { before: [], after: [] };
      const calls = [
        () => my.file.readUInt8(${MIB - 50}),
        () => (my.file.readExact(target, ${MIB - 50}), target[0]),
        () => my.file.copyBytes(${MIB - 50}, 1)[0],
        () => (my.file.read(target, ${MIB - 50}), target[0]),
        () => Math.min(my.file.indexOf(Buffer.of(7, 7), ${MIB - 50}), 7),
        () => my.file.length - ${16 * MIB} + 7,
      ];
      for (const when of ['before', 'after']) {
        seen[when] = calls.map((call) => {
          target.fill(1);
          try {
            return call();
          } catch (error) {
            return error.name;
          }
        });
        while (when === 'before' && fs.statSync(path).size !== ${END}) {}
      }
      return seen;
    }, path);
    await turn();
    file.truncate(${END});
    say(await reading);`,
    'delay_enter=700000:delay_exit=1500000',
  );
  const range = 'MmapRangeError';
  expect(said).toEqual([
    {
      before: [7, 7, 7, 7, 7, 7],
      after: [range, range, range, 1, -1, END - 16 * MIB + 7],
    },
  ]);
});
