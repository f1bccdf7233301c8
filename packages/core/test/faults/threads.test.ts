import { expect } from 'vitest';
import { faultError, inPages } from '../helpers/faults.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempDir, tempFile } from '../helpers/temp.js';

const { test } = whereFilesAreCut;

const PAGE = 4096;
const WORKERS = 4;

async function inThreads(program: string, paths: string[]): Promise<unknown[]> {
  return await hearProgram(program, { args: paths, timeout: 28_000 });
}

test('four workers that use one truncated mapping at once all get the same error', async () => {
  const path = tempFile();
  const said = await inThreads('faults/threads#oneMapping', [path]);
  expect(said).toHaveLength(20);
  const fault = faultError('truncated', 0, path);
  const one = [fault, 0, true, fault];
  for (const results of said) expect(results).toEqual([...Array(4).fill(one).flat(), true, fault]);
});

test('many threads that touch one vanished page at the same moment all continue', async () => {
  const path = tempFile();
  const said = await inThreads('faults/threads#onePage', [path]);
  expect(said).toEqual([[]]);
});

test('views of a file that is truncated and closed by another thread survive', async () => {
  const path = tempFile();
  const said = await inThreads('faults/threads#truncatedAndClosed', [path]);
  expect(said).toEqual([['MmapClosedError']]);
});

test('each of thousands of mappings reports its own faults, and no others', async () => {
  const said = await inThreads('faults/threads#thousands', [tempDir()]);
  expect(said).toEqual([[], true]);
});

test('a fault is attributed to its file while other threads open and close files', async () => {
  const directory = tempDir();
  const said = await inThreads('faults/threads#othersComeAndGo', [directory]);
  expect(said).toEqual([[], Array(3).fill([0, true])]);
});

test('threads that each fault in their own mapping do not disturb each other', async () => {
  const directory = tempDir();
  const said = await inThreads('faults/threads#ownMappings', [directory]);
  expect(said).toEqual([Array(WORKERS).fill([])]);
});

test('a fault in native code on the thread pool is seen by every thread', async () => {
  const path = tempFile(pattern(64 * PAGE));
  const said = await inThreads('faults/threads#onThePool', [path]);
  const fault = faultError('truncated', inPages(PAGE, 63 * PAGE), path);
  expect(said).toEqual([[true, fault, fault]]);
});
