import { expect, test } from 'vitest';
import { hear } from './helpers/child.js';
import { tempFile } from './helpers/temp.js';
import { THREADS } from './helpers/threads.js';

const PAGE = 4096;
const PAGES = 64;

// Bounded by rounds, not by time. What goes wrong here is a crash, a hang or a value of nobody.
async function threads(source: string): Promise<unknown[]> {
  const path = tempFile(Buffer.alloc(PAGES * PAGE, 0x11));
  return await hear(`${THREADS}${source}\nprocess.exit();`, { args: [path], timeout: 50_000 });
}

/** Works on `my.file` until told to stop, and counts the names of what was thrown. */
const WORK = `
  const work = (token, shared, number, pages) => {
    my.file = MmapFileMut.attach(token);
    const errors = {};
    const strange = [];
    const attempt = (call) => {
      try { return call(); } catch (error) {
        errors[error.name] = (errors[error.name] ?? 0) + 1;
        if (error.name.startsWith('Mmap')) return undefined;
        strange.push(error.stack);
      }
    };
    let seed = number + 1;
    const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    const size = pages * 4096;
    const views = [];
    while (Atomics.load(shared, 0) === 0) {
      const rounds = Atomics.add(shared, 1 + number, 1);
      const at = random(size);
      const byte = attempt(() => my.file.readUInt8(at));
      if (byte !== undefined && byte !== 0 && byte !== 0x11) strange.push('byte ' + byte);
      attempt(() => my.file.writeUInt8(0x11, at));
      const word = attempt(() => my.file.readDoubleLE(random(size)));
      if (word !== undefined && typeof word !== 'number') strange.push('word ' + word);
      if (rounds % 16 === 0) attempt(() => my.file.copyBytes(0, random(size)));
      if (rounds % 32 === 0) attempt(() => my.file.fill(0x11, random(size)));
      if (rounds % 32 === 8) attempt(() => my.file.indexOf('nowhere', random(size)));
      if (rounds % 64 === 0) attempt(() => views.push(my.file.asBuffer()));
      if (views.length > 4) views.shift();
      for (const view of views) {
        if (view.length === 0) continue;
        const found = view[at % view.length];
        if (found !== 0 && found !== 0x11) strange.push('view ' + found);
        view[at % view.length] = 0x11;
      }
      if (rounds % 256 === 0) attempt(() => my.file.flush(0, 10));
      if (rounds % 256 === 128) attempt(() => MmapFile.attach(token).close());
    }
    const length = attempt(() => my.file.length);
    return { errors: Object.keys(errors), strange: strange.slice(0, 5), length };
  };
  // Whether to stop, and the rounds of each thread.
  let shared;
  const startWork = (token, count) => {
    shared = new Int32Array(new SharedArrayBuffer(4 + 4 * count));
    return Array.from({ length: count }, (_, number) =>
      startThread().run(work, token, shared, number, ${PAGES}),
    );
  };
  const isEnough = () => shared.subarray(1).every((rounds) => rounds > 200);
`;

interface Outcome {
  errors: string[];
  strange: string[];
  length: number;
}

function expectOrderly(outcomes: Outcome[], allowed: string[], length: number): void {
  for (const { errors, ...rest } of outcomes) {
    expect(rest).toEqual({ strange: [], length });
    expect(allowed).toEqual(expect.arrayContaining(errors));
  }
}

test('eight threads read and write while the file is truncated up and down', async () => {
  const [outcomes, own] = (await threads(`${WORK}
    const file = MmapFileMut.openExisting(args[0]);
    const working = startWork(file.share(), 8);
    for (let i = 0; i < 400 || !isEnough(); ++i) {
      file.truncate((i * 7919) % (${PAGES} * 4096));
      if (i % 8 === 0) await turn();
    }
    file.truncate(5000);
    Atomics.store(shared, 0, 1);
    say(await Promise.all(working));
    say([file.length, file.copyBytes().every((byte) => byte === 0 || byte === 0x11)]);
  `)) as [Outcome[], unknown];
  expectOrderly(outcomes, ['MmapRangeError'], 5000);
  expect(own).toEqual([5000, true]);
}, 60_000);

test('each of several threads truncates the file while all read and write it', async () => {
  const [outcomes, lengths] = (await threads(`${WORK}
    const file = MmapFileMut.openExisting(args[0]);
    const working = startWork(file.share(), 3);
    const cutters = Array.from({ length: 3 }, startThread);
    await Promise.all(cutters.map((thread, number) => thread.run((token, number, pages) => {
      my.file = MmapFileMut.attach(token);
      for (let i = 0; i < 150; ++i) {
        my.file.truncate((i * 7919 * (number + 1)) % (pages * 4096));
        my.file.read(Buffer.alloc(10_000), 0);
      }
    }, file.share(), number, ${PAGES})));
    while (!isEnough()) await turn();
    file.truncate(7000);
    Atomics.store(shared, 0, 1);
    say(await Promise.all(working));
    say(await Promise.all(cutters.map((thread) => thread.run(() => my.file.length))));
  `)) as [Outcome[], unknown];
  expectOrderly(outcomes, ['MmapRangeError'], 7000);
  expect(lengths).toEqual([7000, 7000, 7000]);
}, 60_000);

test('the owner closes the file while threads are at work on it, over and over', async () => {
  const said = (await threads(`${WORK}
    const threads = Array.from({ length: 4 }, startThread);
    for (let i = 0; i < 40; ++i) {
      const file = MmapFileMut.openExisting(args[0]);
      const started = new Int32Array(new SharedArrayBuffer(4));
      const working = threads.map((thread, number) => thread.run((token, started, number) => {
        const file = MmapFileMut.attach(token);
        Atomics.add(started, 0, 1);
        const calls = [
          () => file.readUInt8(0), () => file.writeUInt32LE(0x11111111, 8), () => file.stat(),
          () => file.copyBytes(), () => file.asBuffer().fill(0x11), () => file.flush(),
          () => file.truncate(${PAGES * PAGE}), () => MmapFile.attach(token).readUInt8(0),
          () => file.share(), () => file.tryLock(), () => file.residency(), () => file.advise('normal'),
        ];
        for (let round = number; ; ++round) {
          try { calls[round % calls.length](); } catch (error) { return error.name; }
        }
      }, file.share(), started, number));
      while (Atomics.load(started, 0) < 4) await turn();
      for (let turns = 0; turns < i % 5; ++turns) await turn();
      file.close();
      for (const name of await Promise.all(working)) {
        if (name !== 'MmapClosedError') say(name);
      }
    }
    const content = fs.readFileSync(args[0]);
    say([content.length, content.every((byte) => byte === 0x11)]);
  `)) as unknown[];
  expect(said).toEqual([[PAGES * PAGE, true]]);
}, 60_000);

test('threads attach and close at once, and the memory stays with those who use it', async () => {
  const said = await threads(`
    const file = MmapFileMut.openExisting(args[0]);
    const before = mappings();
    const threads = Array.from({ length: 4 }, startThread);
    const problems = await Promise.all(threads.map((thread) => thread.run((token) => {
      const problems = [];
      for (let i = 0; i < 500; ++i) {
        const first = MmapFileMut.attach(token);
        const second = MmapFileMut.attach(first.share());
        const view = first.asBuffer();
        first.close();
        if (second.readUInt8(4096) !== 0x11) problems.push('typed');
        if (second.asBuffer()[5] !== 0x11) problems.push('view');
        second.close();
      }
      return problems;
    }, file.share())));
    say(problems.flat());
    say(file.readUInt8(0));
    for (const thread of threads) await thread.end();
    await collect();
    say(mappings() - before);
    file.freeze().close();
  `);
  expect(said).toEqual([[], 0x11, 0]);
}, 60_000);
