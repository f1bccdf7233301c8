import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { constructors } from '../../src/arguments/options.js';
import { MmapFile, MmapFileMut, MmapFileReader, MmapFileWriter } from '../../src/index.js';
import { expectArgumentError } from '../helpers/errors.js';
import { floatKinds, integerKinds, write } from '../helpers/kinds.js';
import {
  notIntegers,
  numericArguments,
  type Targets,
  withoutNumbers,
} from '../helpers/numeric-arguments.js';
import { methodsOf } from '../helpers/surface.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(2 * 4096 + 50);

/** Calls `run` with each bad value, each of which must throw an error that names the argument. */
function expectRefused(
  argument: string,
  run: (bad: never) => unknown,
  fine: readonly string[],
  expectUnchanged: () => void,
): void {
  for (const [name, bad] of Object.entries(notIntegers)) {
    if (fine.includes(name)) continue;
    try {
      expectArgumentError(() => run(bad as never), argument);
      expectUnchanged();
    } catch (error) {
      (error as Error).message = `with ${name}: ${(error as Error).message}`;
      throw error;
    }
  }
}

const files: [string, (path: string) => { file: MmapFileMut; readOnly: MmapFile }][] = [
  [
    'a file on disk',
    (path) => ({ file: MmapFileMut.openExisting(path), readOnly: MmapFile.memory('m', CONTENT) }),
  ],
  [
    'a file on disk, read-only,',
    (path) => ({ file: MmapFileMut.memory('m', CONTENT), readOnly: MmapFile.open(path) }),
  ],
];

describe.each(files)('%s and memory', (_name, open) => {
  test.each(numericArguments)('$call refuses an invalid $argument and changes nothing', (row) => {
    const path = tempFile(CONTENT);
    const { file, readOnly } = open(path);
    using _file = file;
    using _readOnly = readOnly;
    const [reader, writer] = [file.reader(4000, 200), file.writer(4000, 200)];
    const targets: Targets = { file, readOnly, reader, writer, absent: `${path}.new` };
    reader.seek(10);
    writer.seek(20);
    const state = () => ({
      content: file.copyBytes().equals(CONTENT) && readOnly.copyBytes().equals(CONTENT),
      cursors: [reader.position, writer.position],
      lengths: [file.length, readOnly.length, reader.length, writer.length],
      locks: [file.lockState, readOnly.lockState],
      made: fs.existsSync(targets.absent),
    });
    const onDisk = snapshot(path);
    const before = state();
    expect(before).toMatchObject({ content: true, cursors: [10, 20], made: false });
    expectRefused(
      row.argument,
      (bad) => row.run(targets, bad),
      row.fine,
      () => expect(state()).toEqual(before),
    );
    expect(snapshot(path)).toEqual(onDisk);
  });
});

test.each([
  ['MmapFileMut', MmapFileMut],
  ['MmapFileReader', MmapFileReader],
  ['MmapFileWriter', MmapFileWriter],
])('every method of %s that takes a number is in the table above', (name, type) => {
  const known = new Set(withoutNumbers);
  for (const { method } of numericArguments) known.add(method);
  const isTyped = (method: string) =>
    name !== 'MmapFileMut' && /^(read|write)(U?Int|Big|Float|Double|USize|ISize)/.test(method);
  const unknown = methodsOf(type).filter(({ name }) => !known.has(name) && !isTyped(name));
  expect(unknown.map((member) => member.name)).toEqual([]);
});

const sizes = ['offset', 'length', 'lockTimeout', 'customFlags'] as const;
const sizesMut = [...sizes, 'maxSize', 'minSize'] as const;
const makers: Record<keyof typeof constructors, { numbers: readonly string[]; open: unknown }> = {
  open: { numbers: sizes, open: MmapFile.open },
  openExec: { numbers: sizes, open: MmapFile.openExec },
  openCow: { numbers: sizes, open: MmapFileMut.openCow },
  openExisting: { numbers: sizesMut, open: MmapFileMut.openExisting },
  create: { numbers: [...sizesMut, 'mode'], open: MmapFileMut.create },
  openOrCreate: { numbers: [...sizesMut, 'mode'], open: MmapFileMut.open },
  anonymous: { numbers: [], open: MmapFileMut.anonymous },
};
const windowsOnly = ['accessMode', 'shareMode', 'attributes', 'securityQosFlags'];

describe.each(Object.entries(constructors))('an option of %s', (key, { name, takes }) => {
  const { numbers, open } = makers[key as keyof typeof makers];
  const call = open as (path: unknown, options: object) => MmapFile;
  const subject = () => (key === 'anonymous' ? 5 : tempFile(CONTENT));
  const booleans = [...takes].filter((o) => !numbers.includes(o) && !windowsOnly.includes(o));

  function expectUntouched(path: string | number, act: (target: string | number) => void): void {
    const before = typeof path === 'string' ? snapshot(path) : undefined;
    act(path);
    if (typeof path === 'number') return;
    act(`${path}.new`);
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  }

  test.each(numbers)('%s is refused unless it is a valid number', (option) => {
    expectUntouched(subject(), (target) => {
      const fine = option === 'mode' ? ['undefined', "'5'"] : ['undefined'];
      expectRefused(
        option,
        (bad) => call(target, { [option]: bad }),
        fine,
        () => {},
      );
    });
  });

  test.each(booleans)('%s is refused unless it is a boolean', (option) => {
    expectUntouched(subject(), (target) => {
      for (const bad of [null, 0, 1, 'true', '', {}, Object(true), 1n, Symbol('x'), () => true]) {
        expectArgumentError(() => call(target, { [option]: bad }), option);
      }
    });
  });

  test('throws a TypeError if it belongs to another constructor, or to none', () => {
    const all = new Set(Object.values(constructors).flatMap((maker) => [...maker.takes]));
    const foreign = [...all].filter((option) => !takes.has(option));
    for (const option of [...foreign, 'Offset', 'readonly', '0', 'toString', '__proto__']) {
      expectUntouched(subject(), (target) => {
        // Even if it is undefined: it is still a mistake of the caller.
        for (const value of [true, 0, undefined]) {
          const options = Object.defineProperty({}, option, { value, enumerable: true });
          const act = () => call(target, options);
          expect(act).toThrow(TypeError);
          expectArgumentError(act, option);
          expect(act).toThrow(name);
        }
      });
    }
  });

  test('must be given in an object', () => {
    expectUntouched(subject(), (target) => {
      for (const bad of [null, 5, 'offset', true, 5n, () => {}]) {
        expectArgumentError(() => call(target, bad as never), 'options');
      }
    });
  });
});

test.each([-1, 0o10000, 1.5, '', '8', '0x1ff', '-1', 'rwx', ' 644', '77777'])(
  'mode %o is refused',
  (mode) => {
    const path = tempFile();
    expectArgumentError(() => MmapFileMut.create(path, { mode }), 'mode');
    expect(fs.existsSync(path)).toBe(false);
  },
);

describe('a value of a typed write', () => {
  const other = { number: [5n, '5', null, undefined, {}], bigint: [5, '5', null, undefined, {}] };

  test.each(integerKinds)('write$suffix takes only integers in its range', (kind) => {
    using file = MmapFileMut.memory('name', CONTENT);
    const writer = file.writer(100, 50);
    const [min, max] = kind.range ?? [0n, 0n];
    const fractions = [Number.NaN, 1.5, -0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const beyond = kind.isBig ? [min - 1n, max + 1n] : [Number(min - 1n), Number(max + 1n)];
    const bad = [...beyond, ...other[kind.isBig ? 'bigint' : 'number']];
    for (const value of kind.isBig ? bad : [...bad, ...fractions]) {
      expectArgumentError(() => write(file, kind, value, 3), 'value');
      expectArgumentError(() => write(writer, kind, value), 'value');
      expect(writer.position).toBe(0);
    }
    expect(file.copyBytes().equals(CONTENT)).toBe(true);
  });

  test.each(floatKinds)('write$suffix takes any number and nothing else', (kind) => {
    using file = MmapFileMut.memory('name', CONTENT);
    const writer = file.writer(100, 50);
    for (const value of other.number) {
      expectArgumentError(() => write(file, kind, value, 3), 'value');
      expectArgumentError(() => write(writer, kind, value), 'value');
      expect(writer.position).toBe(0);
    }
    expect(file.copyBytes().equals(CONTENT)).toBe(true);
    for (const value of [Number.NaN, -0, Number.POSITIVE_INFINITY, 1e300, 5e-324]) {
      expect(write(file, kind, value, 3)).toBe(3 + kind.size);
    }
  });
});
