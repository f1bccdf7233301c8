// The recipe of docs/locks.md: one writer, and readers without a lock, each in a process of its own.
import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { startChild } from '../helpers/child.js';
import { tempFile } from '../helpers/temp.js';

/** The event of a number, which tells it, and how long it must be. */
const EVENT = `
  const START = 8;
  const eventOf = (number) => number + ':' + 'x'.repeat((number * 37) % 500);`;

/** Appends as many events as it is told, and goes on where an earlier one has stopped. */
const WRITER = `${EVENT}
  const log = MmapFileMut.open(args[0], { maxSize: 4096, shared: true });
  const written = log.array(BigInt64Array, 0, 1);
  const append = (event) => {
    const bytes = Buffer.from(event);
    const from = START + Number(written[0]);
    const end = from + 4 + bytes.length;
    if (end > log.length) log.truncate(2 * end);
    log.writeUInt32LE(bytes.length, from);
    log.write(bytes, from + 4);
    Atomics.store(written, 0, BigInt(end - START));
  };
  const [first, count] = args.slice(1).map(Number);
  for (let number = first; number < first + count; ++number) {
    append(eventOf(number));
    if (number === first + count / 2) { // in the middle of it, by any clock
      say([log.lockState, caught(() => MmapFileMut.open(args[0], { lockTimeout: 5 })).code]);
      await new Promise((resolve) => process.stdin.once('data', resolve));
    }
  }
  say(log.length);
  process.exit();`;

/** Reads until it has seen so many events, each of which must be the next one, and whole. */
const READER = `${EVENT}
  const reader = MmapFile.open(args[0], { lock: 'none', shared: true });
  const from = reader.length;
  let next = START;
  let reopened = 0;
  const reopen = () => { reopened += 1; reader.reopen(); };
  function* news() {
    if (reader.length < START) reopen();
    if (reader.length < START) return;
    const end = START + Number(Atomics.load(reader.array(BigInt64Array, 0, 1), 0));
    if (end > reader.length) reopen();
    while (next < end) {
      const length = reader.readUInt32LE(next);
      yield reader.bytes(next + 4, length).toString();
      next += 4 + length;
    }
  }
  let seen = 0;
  const count = Number(args[1]);
  say([reader.lockState, from]);
  while (seen < count) {
    for (const event of news()) {
      if (event !== eventOf(seen)) throw new Error('event ' + seen + ' is ' + event);
      seen += 1;
      if (seen === 1) say('reads');
    }
    await turn();
  }
  reader.checkFault();
  say([seen, reopened > 1]);
  process.exit();`;

test('readers without a lock follow one writer, whose lock keeps a second one out', async () => {
  const COUNT = 3000;
  const path = tempFile('');
  const readers = Array.from({ length: 3 }, () =>
    startChild(READER, { args: [path, String(2 * COUNT)] }),
  );
  for (const reader of readers) expect(await reader.said()).toEqual(['none', 0]);
  const write = async (first: number) => {
    const writer = startChild(WRITER, { args: [path, String(first), String(COUNT)] });
    expect(await writer.said()).toEqual(['exclusive', 'ETIMEDOUT']);
    // They read what there is while the writer has more to come.
    if (first === 0) for (const reader of readers) expect(await reader.said()).toBe('reads');
    writer.process.stdin.write('\n');
    expect(await writer.said()).toBe(fs.statSync(path).size);
    expect(await writer.done).toMatchObject({ code: 0 });
  };
  await write(0);
  await write(COUNT); // another writer, and the same readers
  for (const reader of readers) {
    expect(await reader.said()).toEqual([2 * COUNT, true]);
    expect(await reader.done).toMatchObject({ code: 0, stderr: '' });
  }
});

test('a writer that is killed leaves whole events, and the next one goes on', async () => {
  const path = tempFile('');
  const killed = startChild(WRITER, { args: [path, '0', '1000'] });
  await killed.said();
  killed.process.kill('SIGKILL');
  await killed.done;
  const reader = startChild(READER, { args: [path, '1501'] });
  expect(await reader.said()).toEqual(['none', fs.statSync(path).size]);
  expect(await reader.said()).toBe('reads');
  const next = startChild(WRITER, { args: [path, '501', '1000'] });
  await next.said();
  next.process.stdin.write('\n');
  await next.done;
  expect(await reader.said()).toEqual([1501, true]);
});
