import { channel } from 'node:diagnostics_channel';
import { type PerformanceEntry, performance } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { MmapFile, MmapFileMut, measurePerformance } from '../../src/index.js';
import { runProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

test('measurePerformance makes entries of the performance timeline until it is stopped', () => {
  const stop = measurePerformance();
  onTestFinished(() => performance.clearMeasures());
  const path = tempFile('content');
  const before = performance.now();
  const file = MmapFileMut.openExisting(path);
  file.flush();
  file.close();
  stop();
  MmapFile.open(path).close();

  const entries = performance.getEntriesByType('measure');
  expect(entries.map(({ name }) => name)).toEqual(['fmmap:open', 'fmmap:flush', 'fmmap:close']);
  for (const entry of entries) {
    const { detail } = entry as PerformanceEntry & { detail: object };
    expect(detail).toMatchObject({ path, duration: entry.duration });
    expect(entry.startTime).toBeGreaterThanOrEqual(before - 1);
    expect(entry.startTime + entry.duration).toBeLessThanOrEqual(performance.now() + 1);
  }
});

test('NODE_DEBUG=fmmap logs each event to the standard error', async () => {
  const path = tempFile('content');
  const options = { args: [path], env: { NODE_DEBUG: 'fmmap' } };
  const { code, stderr } = await runProgram('diagnostics/observers#use', options);
  expect(code).toBe(0);
  const lines = stderr.trim().split('\n');
  const quoted = JSON.stringify(path).replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const expected = [
    `open ${quoted} {"length":7}, [\\d.]+ ms`,
    `flush ${quoted} {"offset":0,"length":7,"wait":true}, [\\d.]+ ms`,
    `close ${quoted} {"isLeak":false}, [\\d.]+ ms`,
    `open "[^"]+missing" {"length":0}, [\\d.]+ ms: MmapError: .*ENOENT.*`,
  ];
  expect(lines).toHaveLength(expected.length);
  for (const [index, line] of lines.entries()) {
    expect(line).toMatch(new RegExp(`^FMMAP \\d+: ${expected[index]}$`));
  }
});

test('without it, nothing is logged', async () => {
  const { code, stderr } = await runProgram('diagnostics/observers#use', {
    args: [tempFile('content')],
    env: { NODE_DEBUG: '' },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each([
  [new Error('enough'), { name: 'Error', message: 'enough' }],
  [new Error('enough', { cause: () => {} }), { name: 'Error', message: 'enough' }],
  [Symbol('enough'), { message: 'Symbol(enough)' }],
  [() => {}, { message: expect.stringContaining('Function') }],
  [null, { message: 'null' }],
])('measurePerformance shows the error of a call that failed with %o', async (reason, error) => {
  const stop = measurePerformance();
  onTestFinished(() => performance.clearMeasures());
  channel('fmmap:open').publish({ path: 'x', length: 0, duration: 1, error: reason });
  stop();
  const [entry] = performance.getEntriesByType('measure');
  expect(entry).toMatchObject({ detail: { path: 'x', error } });
});

test('measurePerformance keeps the code and the path of an error', () => {
  const stop = measurePerformance();
  onTestFinished(() => performance.clearMeasures());
  expect(() => MmapFile.open('/no/such/file')).toThrow('ENOENT');
  stop();
  const [entry] = performance.getEntriesByType('measure');
  const error = { name: 'MmapError', code: 'ENOENT', syscall: 'open', path: '/no/such/file' };
  expect(entry).toMatchObject({ detail: { length: 0, error } });
});
