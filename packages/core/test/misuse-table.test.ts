import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapError, MmapFile, MmapFileMut, MmapFileReader, MmapFileWriter } from '../src/index.js';
import { thrown } from './helpers/errors.js';
import { kinds } from './helpers/kinds.js';
import { callOf, makeScene } from './helpers/misuse.js';
import { methodsOf } from './helpers/surface.js';

// What people get wrong, and what they are told. A message says what was asked for, what was found, and what to do.

/**
 * Lines of a call on the objects of `makeScene`; the name of its error, its `code` and its `argument`; and the message, whose end
 * is left out where there is a `…`.
 */
const misuses = fs
  .readFileSync(new URL('helpers/misuses.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' | ') as [call: string, error: string, message: string]);

/** @param row - The last two columns. */
function expectTold(
  error: Error & Record<string, unknown>,
  scene: object,
  row: readonly string[],
): void {
  const { directory } = scene as { directory: string };
  const [told = '', rest] = (row[1] ?? '').split('…');
  const message = error.message.replaceAll(directory, '/dir');
  expect([error.name, error.code, error.argument].filter(Boolean).join(' ')).toBe(row[0]);
  expect(rest === undefined ? message : message.slice(0, told.length)).toBe(told);
  expect(error instanceof TypeError || error instanceof MmapError).toBe(true);
  if ('cause' in error) expect(error.cause).toBeInstanceOf(Error);
}

test('there are many', () => {
  expect(new Set(misuses.map(([call]) => call)).size).toBe(misuses.length);
  expect(misuses.length).toBeGreaterThan(150);
});

test.each(misuses)('%s', (call, ...row) => {
  using scene = makeScene();
  expectTold(
    thrown(() => callOf(call)(scene)),
    scene,
    row,
  );
});

describe.each(kinds)('a $suffix', ({ suffix, size, of }) => {
  const last = 100 - size;
  const bytes = size === 1 ? '1 byte' : `${size} bytes`;
  const fits = `${size === 1 ? 'does' : 'do'} not fit in the 100 bytes of 'x'; the last valid offset is ${last}`;
  const range = 'MmapRangeError ERR_OUT_OF_RANGE offset';
  const rows = [last + 1, 100, 1000, 2 ** 40].map((offset) => [
    String(offset),
    range,
    `${bytes} at offset ${offset} ${fits}`,
  ]);
  for (const bad of ['-1', '0.5', 'NaN', '-Infinity'])
    rows.push([bad, range, `"offset" must be an integer from 0 to ${last}; received ${bad}`]);
  rows.push([
    'null',
    'TypeError ERR_INVALID_ARG_TYPE offset',
    '"offset" must be an integer; received null',
  ]);
  const value = typeof of(1n) === 'bigint' ? '1n' : '1';

  test.each(rows)('at %s is refused by its bound', (offset, ...row) => {
    using scene = makeScene();
    for (const call of [
      `file.read${suffix}(${offset})`,
      `readOnly.read${suffix}(${offset})`,
      `file.write${suffix}(${value}, ${offset})`,
    ])
      expectTold(
        thrown(() => callOf(call)(scene)),
        scene,
        row,
      );
  });

  test('of an empty file says how that grows', () => {
    using scene = makeScene();
    const told = (of: string) =>
      `${bytes} at offset 0 ${size === 1 ? 'does' : 'do'} not fit in the 0 bytes of ${of}…`;
    for (const [name, path] of [
      ['empty', "'x'; make it longer with truncate(size)"],
      [
        'emptyMut',
        `'/dir/empty-mut'; make it longer with truncate(size), or open it with "minSize"`,
      ],
    ]) {
      expectTold(
        thrown(() => callOf(`${name}.read${suffix}(0)`)(scene)),
        scene,
        [range, told(path ?? '')],
      );
      expectTold(
        thrown(() => callOf(`${name}.write${suffix}(${value}, 0)`)(scene)),
        scene,
        [range, told(path ?? '')],
      );
    }
    expectTold(
      thrown(() => callOf(`emptyFile.read${suffix}(0)`)(scene)),
      scene,
      [range, told(`'/dir/empty'; to make it longer, open it writable with "minSize"`)],
    );
    expectTold(
      thrown(() => callOf(`emptyCow.read${suffix}(0)`)(scene)),
      scene,
      [range, told(`'/dir/empty'; a copy-on-write mapping does not grow`)],
    );
  });
});

const classes = { MmapFile, MmapFileMut, MmapFileReader, MmapFileWriter };
const openers: Record<keyof typeof classes, (file: MmapFileMut) => object> = {
  MmapFile: () => MmapFile.memory('x', 'content'),
  MmapFileMut: (file) => file,
  MmapFileReader: (file) => file.reader(),
  MmapFileWriter: (file) => file.writer(),
};

describe.each(Object.entries(classes))('every method of %s', (name, type) => {
  /** No methods of the public, or such as nothing is wrong with. */
  const silent = new Set(['close', 'unlock', 'claim', String(Symbol.dispose)]);

  test.each(methodsOf(type).filter((method) => !silent.has(method.name)))(
    '$name says that the file is closed',
    ({ use }) => {
      const file = MmapFileMut.memory('x', 'content');
      const object = openers[name as keyof typeof classes](file);
      file.close();
      if (object instanceof MmapFile) object.close();
      const error = thrown(() => use(object));
      expect(error).toMatchObject({
        name: 'MmapClosedError',
        code: 'ERR_MMAP_CLOSED',
        path: 'x',
        message: "'x' is closed; open it again to use it",
      });
    },
  );
});
