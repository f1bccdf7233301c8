import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { kinds } from '../helpers/kinds.js';
import { byPlatform, expectTold, type Misuse, readMisuses, SYNC } from '../helpers/misuse.js';
import { outsideWindows } from '../helpers/platform.js';
import { methodsOf } from '../helpers/surface.js';

const misuses = readMisuses('misuses.txt');

test('the table lists many misuses', () => {
  expect(new Set(misuses.map(([call]) => call)).size).toBe(misuses.length);
  expect(misuses.length).toBeGreaterThan(150);
});

const told = async (...row: Misuse) => {
  await expectTold(SYNC, ...row);
};
const [ofPosix, others] = byPlatform(misuses);

test.each(others)('%s', told);

outsideWindows.test.each(ofPosix)('%s', told);

const RANGE = 'MmapRangeError ERR_OUT_OF_RANGE offset';

/** Wrong offsets for a value of `size` bytes in a file of 100 bytes. */
function wrongOffsets(size: number): Misuse[] {
  const last = 100 - size;
  const asked = size === 1 ? '1 byte' : `${size} bytes`;
  const verb = size === 1 ? 'does' : 'do';
  return [
    ...[last + 1, 100, 1000, 2 ** 40].map(
      (offset): Misuse => [
        String(offset),
        RANGE,
        `${asked} at offset ${offset} ${verb} not fit in the 100 bytes of 'x'; the last valid offset is ${last}`,
      ],
    ),
    ...['-1', '0.5', 'NaN', '-Infinity'].map(
      (bad): Misuse => [
        bad,
        RANGE,
        `"offset" must be an integer from 0 to ${last}; received ${bad}`,
      ],
    ),
    ['null', 'TypeError ERR_INVALID_ARG_TYPE offset', '"offset" must be an integer; received null'],
  ];
}

/** Empty files, and how the message about each of them ends. */
const empty = {
  empty: "'x'; make it longer with truncate(size)",
  emptyMut: `'/dir/empty-mut'; make it longer with truncate(size), or open it with "minSize"`,
  emptyFile: `'/dir/empty'; to make it longer, open it writable with "minSize"; reopen() shows what others have added`,
  emptyCow: "'/dir/empty'; a copy-on-write mapping does not grow…",
};

describe.each(kinds)('a value of the kind $suffix', ({ suffix, size, of }) => {
  const value = typeof of(1n) === 'bigint' ? '1n' : '1';

  test.each(wrongOffsets(size))(
    'at %s is refused with the bound for its size',
    async (offset, ...row) => {
      await expectTold(SYNC, `file.read${suffix}(${offset})`, ...row);
      await expectTold(SYNC, `file.write${suffix}(${value}, ${offset})`, ...row);
    },
  );

  test.each(Object.entries(empty))(
    'in %s is refused, and the message says whether and how the file can grow',
    async (name, end) => {
      const asked = size === 1 ? '1 byte at offset 0 does' : `${size} bytes at offset 0 do`;
      const told = `${asked} not fit in the 0 bytes of ${end}`;
      await expectTold(SYNC, `${name}.read${suffix}(0)`, RANGE, told);
      if (name !== 'emptyFile')
        await expectTold(SYNC, `${name}.write${suffix}(${value}, 0)`, RANGE, told);
    },
  );
});

const openers: Record<keyof typeof SYNC, (file: MmapFileMut) => object> = {
  MmapFile: () => MmapFile.memory('x', 'content'),
  MmapFileMut: (file) => file,
  MmapFileReader: (file) => file.reader(),
  MmapFileWriter: (file) => file.writer(),
};

describe.each(Object.entries(SYNC))('every method of %s', (name, type) => {
  /** Methods that are not public, or that may be called on a closed file. */
  const silent = new Set(['close', 'claim', String(Symbol.dispose)]);
  const methods = methodsOf(type).filter((method) => !silent.has(method.name));

  test.each(methods)('$name says that the file is closed', ({ use }) => {
    const file = MmapFileMut.memory('x', 'content');
    const object = openers[name as keyof typeof SYNC](file);
    file.close();
    if (object instanceof MmapFile) object.close();
    expect(thrown(() => use(object))).toMatchObject({
      name: 'MmapClosedError',
      code: 'ERR_MMAP_CLOSED',
      path: 'x',
      message: "'x' is closed; open it again to use it",
    });
  });
});
