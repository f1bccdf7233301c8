import * as fs from 'node:fs';
import { EventLog } from '@fmmap/recipes/event-log';
import { expect, test } from 'vitest';
import { tempPath } from './helpers/temp.ts';

const EVENTS = ['started', 'x'.repeat(70_000), '', 'naïve', 'stopped', 'the last'];

function written(events: readonly string[], path = tempPath()): string {
  const log = new EventLog(path);
  for (const event of events) log.append(Buffer.from(event));
  log.flush();
  log.close();
  return path;
}

function read(path: string): string[] {
  const log = new EventLog(path);
  try {
    return [...log].map(String);
  } finally {
    log.close();
  }
}

/** What a crash has left in the file, and what is in the log then and after one more event. */
function recovered(content: Buffer, path = tempPath()): string[] {
  fs.writeFileSync(path, content);
  const found = read(path);
  written(['one more'], path);
  expect(read(path)).toEqual([...found, 'one more']);
  return found;
}

/** How many of the events end at or before an offset of the file. */
function endedBefore(offset: number): number {
  let end = 0;
  return EVENTS.findIndex((event) => {
    end += 8 + Buffer.byteLength(event);
    return end > offset;
  });
}

test('what was appended is read again, also by the log that wrote it', () => {
  const path = written(EVENTS);
  expect(read(path)).toEqual(EVENTS);
  const log = new EventLog(path);
  log.append(Buffer.from('again'));
  expect([...log].map(String)).toEqual([...EVENTS, 'again']);
  log.close();
  expect(fs.statSync(path).size).toBe(Buffer.byteLength(EVENTS.join('')) + 5 + 7 * 8);
});

test('a log grows with its events, and views of them stay', () => {
  const log = new EventLog(tempPath());
  const event = (n: number) => Buffer.alloc(300_000 + n, `${n} `);
  log.append(event(0));
  const [first] = log;
  for (let n = 1; n < 20; ++n) log.append(event(n));
  expect(first?.equals(event(0))).toBe(true);
  expect([...log].every((found, n) => found.equals(event(n)))).toBe(true);
  log.close();
});

test('an event is a view of the file', () => {
  const path = written(EVENTS);
  const log = new EventLog(path);
  const [first] = log;
  const file = fs.openSync(path, 'r+');
  fs.writeSync(file, 'S', 8);
  fs.closeSync(file);
  expect(String(first)).toBe('Started');
  log.close();
});

test('wherever the file is cut off, the events before that are left', () => {
  const content = fs.readFileSync(written(EVENTS));
  for (let cut = content.length - 45; cut < content.length; ++cut) {
    expect(recovered(content.subarray(0, cut))).toEqual(EVENTS.slice(0, endedBefore(cut)));
  }
});

test('a cut file of its old length, as a file system may leave it, has the same events', () => {
  const content = fs.readFileSync(written(EVENTS));
  for (let cut = content.length - 45; cut < content.length; ++cut) {
    const zeroed = Buffer.from(content).fill(0, cut);
    const first = zeroed.findIndex((byte, at) => byte !== content[at]); // some were zeroes anyway
    expect(recovered(zeroed)).toEqual(EVENTS.slice(0, endedBefore(first)));
  }
});

test('whichever byte is wrong, the events before it are left, and none after it', () => {
  const content = fs.readFileSync(written(EVENTS));
  for (let at = content.length - 45; at < content.length; ++at) {
    for (const flipped of [1, 0x80]) {
      const wrong = Buffer.from(content);
      wrong[at] = (wrong[at] ?? 0) ^ flipped;
      expect(recovered(wrong)).toEqual(EVENTS.slice(0, endedBefore(at)));
    }
  }
});

test('events after one that is lost do not come back when another takes its place', () => {
  const path = written(EVENTS);
  const content = fs.readFileSync(path);
  content.fill(0, content.length - 16, content.length - 8); // header of the last but none
  content.writeUInt8(0, content.length - 16 - 7); // in 'stopped'
  fs.writeFileSync(path, content);
  expect(read(path)).toEqual(EVENTS.slice(0, 4));
  written(['stopped'], path); // exactly as long
  expect(read(path)).toEqual([...EVENTS.slice(0, 4), 'stopped']);
});

test('a second writer is refused', () => {
  const path = tempPath();
  const log = new EventLog(path);
  expect(() => new EventLog(path)).toThrow(expect.objectContaining({ code: 'EWOULDBLOCK' }));
  log.close();
});
