// The recipe of docs/locks.md: one writer, and readers without a lock, each in its own process.
import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { startProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

test('readers without a lock follow one writer, whose lock keeps a second writer out', async () => {
  const COUNT = 3000;
  const path = tempFile('');
  const readers = Array.from({ length: 3 }, () =>
    startProgram('cursors/growing-log#read', { args: [path, 2 * COUNT] }),
  );
  for (const reader of readers) expect(await reader.said()).toEqual(['none', 0]);
  const write = async (first: number) => {
    const writer = startProgram('cursors/growing-log#write', { args: [path, first, COUNT] });
    expect(await writer.said()).toEqual(['exclusive', 'ETIMEDOUT']);
    // They read what is there before the writer has finished.
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

test('a writer that is killed leaves whole events, and the next one continues after them', async () => {
  const path = tempFile('');
  const killed = startProgram('cursors/growing-log#write', { args: [path, 0, 1000] });
  await killed.said();
  killed.process.kill('SIGKILL');
  await killed.done;
  const reader = startProgram('cursors/growing-log#read', { args: [path, 1501] });
  expect(await reader.said()).toEqual(['none', fs.statSync(path).size]);
  expect(await reader.said()).toBe('reads');
  const next = startProgram('cursors/growing-log#write', { args: [path, 501, 1000] });
  await next.said();
  next.process.stdin.write('\n');
  await next.done;
  expect(await reader.said()).toEqual([1501, true]);
});
