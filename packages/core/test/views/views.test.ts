import { describe, expect, test } from 'vitest';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(3 * 4096 + 100);

const WAYS = {
  "of V8's own": {},
  'that the engine counts': { FMMAP_PLAIN_VIEWS: '0' },
};

const see = (program: string, env: Readonly<Record<string, string>>) =>
  hearProgram(program, { args: [tempFile(CONTENT)], env, timeout: 60_000 });

describe.each(Object.entries(WAYS))('views %s', (way, env) => {
  const isPlain = way === "of V8's own";

  test('are Buffers over an ArrayBuffer of exactly their own bytes', async () => {
    const said = await see('views/views#buffers', env);
    const shape = [true, true, 0, 0, true];
    expect(said).toEqual([shape, shape, shape, shape, [false, 200, 200]]);
  });

  test('are reported once, if the engine counts them and they are large', async () => {
    const said = await see('views/views#reported', env);
    const warning = isPlain ? [] : ['MmapViewWarning FMMAP_COUNTED_VIEWS'];
    expect(said).toEqual(['large', ...warning]);
  });

  test('are cloned with their own range, not with the whole file', async () => {
    const said = await see('views/views#cloned', env);
    expect(said).toEqual([[1000, true]]);
  });

  test('read zeroes after close, and work in flight keeps its memory until it is done', async () => {
    const said = await see('views/views#afterClose', env);
    const jobs = Array.from({ length: 12 }, () => 'fulfilled');
    expect(said).toEqual([[true, true, true], [true, true, true], jobs]);
  });

  test('keep a dropped file alive, and nothing else does', async () => {
    const said = await see('views/views#keepDropped', env);
    expect(said).toEqual([[true, true]]);
  });

  test('keep showing a file that outgrew them, and their mapping is freed with them', async () => {
    const said = await see('views/views#outgrown', env);
    expect(said).toEqual([[true, true]]);
  });

  test('are not detached by close, except with detachOnClose, and then all of them', async () => {
    const said = await see('views/views#detached', env);
    expect(said).toEqual([[true, true], [CONTENT.length, 9], [true, true], [0]]);
  });

  test('are counted by the engine only where that is unavoidable', async () => {
    const said = await see('views/views#counted', env);
    expect(said).toEqual([[true, isPlain]]);
  });
});

test('a view is transferred alone, and shows the file wherever it is', async () => {
  const said = await see('views/views#transferred', {});
  expect(said).toEqual([
    [0, true, true, true, true],
    true,
    [CONTENT.length, true],
    [30, true],
    CONTENT.length,
    [true, true, true, true, true],
  ]);
});

test('a view that was moved keeps its dropped file alive', async () => {
  const said = await see('views/views#movedKeeps', {});
  expect(said).toEqual([[true, true]]);
});

test('a view that was moved to another thread outlives the thread that it came from', async () => {
  const said = await see('views/views#movedToThread', {});
  expect(said).toEqual([[true, true]]);
});

test('views with "shared" lie over memory that threads share', async () => {
  const said = await see('views/views#shared', {});
  expect(said).toEqual([
    [true, 99, 99],
    [98, 97],
    [true, true, true],
  ]);
});
