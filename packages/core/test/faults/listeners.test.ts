import { expect, test } from 'vitest';
import { MmapFile } from '../../src/index.js';
import { child, hear } from '../helpers/child.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { FAULTS, faultError, inPages } from '../helpers/faults.js';
import { GARBAGE } from '../helpers/garbage.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

/** In a child: `listen(file)` has what the listener is told of in `told`. */
const TOOLS = `
  ${FAULTS}
  const [path] = args;
  const CONTENT = fs.readFileSync(path);
  const told = [];
  const listen = (file) => file.onFault((error) => told.push(faultOf(() => { throw error; })));
  /** Waits for as many reports, then for any that should not come. */
  const tellings = async (count) => {
    while (told.length < count) await turn();
    for (let i = 0; i < 20; ++i) await turn();
    return told;
  };
  const whole = (file) => { fs.writeFileSync(path, CONTENT); file.reopen(); };
`;

async function inChild(source: string, path = tempFile(CONTENT)): Promise<unknown[]> {
  return await hear(`${TOOLS}${source}`, { args: [path] });
}

const fault = (offset: unknown, reason = 'truncated') =>
  faultError(reason, offset, expect.any(String));

test('a listener is told once, soon after the fault, and not while the program is at it', async () => {
  const said = await inChild(`
    const file = MmapFile.open(path);
    const view = file.asBuffer();
    listen(file);
    fs.truncateSync(path, 0);
    for (let at = 5; at < view.length; ++at) view[at];
    faultOf(() => file.readUInt8(0));
    faultOf(() => file.checkFault());
    say(told.length);
    say(await tellings(1));
    view[9];
    faultOf(() => file.checkFault());
    say((await tellings(1)).length);`);
  expect(said).toEqual([0, [fault(5)], 1]);
});

test.each([
  ['a view', 'view[5]', 5],
  ['a typed read', 'faultOf(() => file.readUInt8(7))', 7],
  ['checkFault', 'faultOf(() => file.checkFault())', 0],
  [
    'native code on the pool',
    'await new Promise((done) => zlib.gzip(view, done))',
    inPages(0, 2 * PAGE),
  ],
])('a fault that %s finds is told of', async (_, use, offset) => {
  const said = await inChild(`
    const zlib = require('node:zlib');
    const file = MmapFileMut.openExisting(path);
    const view = file.asBuffer();
    listen(file);
    fs.truncateSync(path, 0);
    ${use};
    say(await tellings(1));`);
  expect(said).toEqual([[fault(offset)]]);
});

test('a stray write is told of', async () => {
  const said = await inChild(`
    const file = MmapFile.open(path);
    listen(file);
    file.asBuffer()[77] = 1;
    say(await tellings(1));`);
  expect(said).toEqual([[fault(77, 'read-only')]]);
});

test('a fault that has happened before is told of, too', async () => {
  const said = await inChild(`
    const file = MmapFile.open(path);
    fs.truncateSync(path, 0);
    file.asBuffer()[3];
    listen(file);
    say(told.length);
    say(await tellings(1));
    listen(file);
    say((await tellings(2)).length);`);
  expect(said).toEqual([0, [fault(3)], 2]);
});

test('every listener of the file is told, and nobody of another file', async () => {
  const said = await inChild(`
    const file = MmapFile.open(path);
    const other = MmapFileMut.memory('other', CONTENT);
    listen(file);
    listen(file);
    listen(other);
    fs.truncateSync(path, 0);
    file.asBuffer()[3];
    say(await tellings(2));
    say(other.isFaulted);`);
  expect(said).toEqual([[fault(3), fault(3)], false]);
});

test('a listener that was taken away is told nothing; the others are', async () => {
  const said = await inChild(`
    const file = MmapFile.open(path);
    const stop = file.onFault(() => say('the one that was taken away'));
    listen(file);
    stop();
    stop();
    fs.truncateSync(path, 0);
    file.asBuffer()[3];
    say(await tellings(1));`);
  expect(said).toEqual([[fault(3)]]);
});

test('after reopen, the next fault is told of as well', async () => {
  const said = await inChild(`
    const file = MmapFileMut.openExisting(path);
    listen(file);
    for (let round = 1; round <= 5; ++round) {
      fs.truncateSync(path, 0);
      file.asBuffer()[round];
      await tellings(round);
      whole(file);
    }
    say(await tellings(5));`);
  expect(said).toEqual([[fault(1), fault(2), fault(3), fault(4), fault(5)]]);
});

test('each thread that listens is told, whoever found the fault', async () => {
  const said = await inChild(`
    ${THREADS}
    const file = MmapFile.open(path);
    const threads = [startThread(), startThread(), startThread()];
    for (const thread of threads) {
      await thread.run((token) => {
        my.file = MmapFile.attach(token);
        my.told = new Promise((resolve) => my.file.onFault(({ reason, offset }) => resolve([reason, offset])));
      }, file.share());
    }
    listen(file);
    fs.truncateSync(path, 0);
    await threads[1].run(() => my.file.asBuffer()[9]);
    for (const thread of threads) say(await thread.run(() => my.told));
    say(await tellings(1));
    for (const thread of threads) await thread.end();`);
  expect(said).toEqual([...Array(3).fill(['truncated', 9]), [fault(9)]]);
});

test('a fault after another thread has mapped the file again is told of', async () => {
  const said = await inChild(`
    ${THREADS}
    const file = MmapFileMut.openExisting(path);
    const thread = startThread();
    await thread.run((token) => { my.file = MmapFile.attach(token); }, file.share());
    listen(file);
    fs.truncateSync(path, 0);
    await thread.run(() => my.file.asBuffer()[1]);
    await tellings(1);
    // This thread does nothing with the file in between.
    fs.writeFileSync(path, CONTENT);
    await thread.run((path) => {
      my.file.reopen();
      fs.truncateSync(path, 0);
      my.file.asBuffer()[2];
    }, path);
    say(await tellings(2));
    await thread.end();`);
  expect(said).toEqual([[fault(1), fault(2)]]);
});

test.each(['nothing', 'a fault'])('listening does not keep the process alive: %s', async (what) => {
  const result = await child(
    `${TOOLS}
    globalThis.file = MmapFile.open(path);
    listen(file);
    if (args[1] === 'a fault') { fs.truncateSync(path, 0); file.asBuffer()[0]; }`,
    { args: [tempFile(CONTENT), what] },
  );
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test.each([
  ['process.exit', 'process.exit();'],
  ['the end of a thread', 'await thread.end();'],
  ['terminate', 'await thread.terminate();'],
])('a fault just before %s is no harm, though somebody listens', async (_, end) => {
  const result = await child(
    `${TOOLS}${THREADS}
    for (let round = 0; round < 10; ++round) {
      fs.writeFileSync(path, CONTENT);
      const thread = startThread();
      const file = MmapFile.open(path);
      await thread.run((token) => {
        my.file = MmapFile.attach(token);
        my.file.onFault(() => {});
      }, file.share());
      listen(file);
      fs.truncateSync(path, 0);
      file.asBuffer()[0];
      ${end}
      file.close();
    }
    process.exit();`,
    { args: [tempFile(CONTENT)] },
  );
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('an error that a listener throws is an uncaught exception, and the others are told', async () => {
  const said = await inChild(`
    process.on('uncaughtException', (error, origin) => say([error.message, origin]));
    const file = MmapFile.open(path);
    file.onFault(() => { throw new Error('of the listener'); });
    listen(file);
    fs.truncateSync(path, 0);
    file.asBuffer()[0];
    say(await tellings(1));`);
  expect(said).toEqual([['of the listener', 'uncaughtException'], [fault(0)]]);
});

test('without a handler for it, that ends the process as any other', async () => {
  const result = await child(
    `${TOOLS}
    const file = MmapFile.open(path);
    file.onFault(() => { throw new Error('of the listener'); });
    fs.truncateSync(path, 0);
    file.asBuffer()[0];
    await tellings(1);`,
    { args: [tempFile(CONTENT)] },
  );
  expect(result).toMatchObject({ code: 1, signal: null });
  expect(result.stderr).toContain('of the listener');
});

test('a listener does not keep a dropped file', async () => {
  const said = await inChild(`
    ${GARBAGE}
    const mapped = () => fs.readFileSync('/proc/self/maps', 'utf8').includes(path);
    await apart(() => { listen(MmapFile.open(path)); });
    await apart(() => {
      const file = MmapFile.open(path);
      file.onFault(() => file.close());
    });
    say(mapped());
    await until(() => !mapped());
    MmapFileMut.open(path).close();
    say(mapped());`);
  expect(said).toEqual([true, false]);
});

test('listeners that come and go leave nothing behind', async () => {
  const said = await inChild(`
    ${GARBAGE}
    const file = MmapFile.open(path);
    const rounds = async (count) => {
      for (let i = 0; i < count; ++i) {
        file.onFault(() => {})();
        if (i % 1000 === 0) await turn();
      }
      await collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await rounds(1000);
    const after = await rounds(100_000);
    say(after - before < 2e6 ? 'nothing' : after - before);`);
  expect(said).toEqual(['nothing']);
});

test('what is no function, and a closed file, are refused', () => {
  const file = MmapFile.memory('memory', 'abc');
  expectArgumentError(() => file.onFault('listener' as never), 'listener');
  file.close();
  expect(thrown(() => file.onFault(() => {})).name).toBe('MmapClosedError');
});
