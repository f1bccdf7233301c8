import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Progress } from '../examples/progress.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

function draw(isTTY: boolean, milliseconds: number): string[] {
  const write = vi.fn<(text: string) => void>();
  const progress = new Progress('Indexing', { isTTY, write });
  for (let elapsed = 0; elapsed <= milliseconds; elapsed += 10) {
    progress.update(elapsed, 2000);
    vi.advanceTimersByTime(10);
  }
  progress[Symbol.dispose]();
  return write.mock.calls.map(([text]) => text);
}

test('a bar appears on a terminal after a second, moves ten times a second, and disappears', () => {
  const drawn = draw(true, 2000);
  expect(drawn.length).toBe(12);
  expect(drawn[0]).toBe(`\rIndexing [${'#'.repeat(20)}${'.'.repeat(20)}] 50 %`);
  expect(drawn[10]).toBe(`\rIndexing [${'#'.repeat(40)}] 100 %`);
  expect(drawn[11]).toBe('\r\x1b[K');
});

test('nothing is drawn for work that takes less than a second', () => {
  expect(draw(true, 990)).toEqual([]);
});

test('nothing is drawn without a terminal', () => {
  expect(draw(false, 2000)).toEqual([]);
});
