import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { constructors } from '../../src/arguments/options.js';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { expectArgumentError } from '../helpers/errors.js';
import { noOptions, optionsFrom } from '../helpers/option-objects.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

type Make = (path: string, options: object) => MmapFile;

const makers: Record<keyof typeof constructors, Make> = {
  open: MmapFile.open,
  openExec: MmapFile.openExec,
  openCow: MmapFileMut.openCow,
  openExisting: MmapFileMut.openExisting,
  create: (path, options) => MmapFileMut.create(`${path}.new`, options),
  openOrCreate: MmapFileMut.open,
  anonymous: (_path, options) => MmapFileMut.anonymous(10, options),
};

const memories: Record<string, Make> = {
  'MmapFile.memory': (path, options) => MmapFile.memory(path, CONTENT, options),
  'MmapFileMut.memory': (path, options) => MmapFileMut.memory(path, CONTENT, options),
};

/** A valid value for an option. */
const right = (option: string): unknown =>
  ({
    offset: 0,
    length: 0,
    maxSize: 0,
    minSize: 0,
    lockTimeout: 0,
    customFlags: 0,
    mode: 0o600,
    read: true,
    write: true,
    lock: 'none',
  })[option] ?? false;

const cases = (Object.keys(constructors) as (keyof typeof constructors)[]).flatMap((key) =>
  [...constructors[key].takes]
    .filter((option) => !/accessMode|shareMode|attributes|securityQosFlags/.test(option))
    .map((option) => ({ key, option })),
);

describe.each(Object.entries(optionsFrom))('options that come from %s', (_name, from) => {
  test.each(cases)('are read by $key: $option', ({ key, option }) => {
    const path = tempFile(CONTENT);
    makers[key](path, from(option, right(option))).close();
    fs.rmSync(`${path}.new`, { force: true });
    expectArgumentError(() => makers[key](path, from(option, {})), option);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('have their usual effect', () => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path, from('minSize', 20_000));
    expect([file.length, fs.statSync(path).size]).toEqual([20_000, 20_000]);
    using part = MmapFile.memory('name', CONTENT, from('detachOnClose', true));
    const view = part.asBuffer();
    part.close();
    expect(view.length).toBe(0);
  });

  test('are refused if they belong to another constructor', () => {
    const path = tempFile(CONTENT);
    expectArgumentError(() => MmapFile.open(path, from('maxSize', 5)), 'maxSize');
    expectArgumentError(() => MmapFileMut.anonymous(5, from('offset', 5) as never), 'offset');
    expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
  });
});

test.each(Object.entries({ ...makers, ...memories }))(
  '%s refuses an argument that holds no options',
  (_name, make) => {
    for (const [what, bad] of Object.entries(noOptions)) {
      const path = tempFile(CONTENT);
      expectArgumentError(
        () => make(path, bad as never),
        what.includes('signal') ? 'aborted' : 'options',
      );
      expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
    }
  },
);

test('stat reads and refuses the same objects', () => {
  using file = MmapFile.memory('name', CONTENT);
  for (const from of Object.values(optionsFrom)) {
    expect(typeof file.stat(from('bigint', true) as { bigint: true }).size).toBe('bigint');
    expectArgumentError(() => file.stat(from('bigint', 1) as never), 'bigint');
  }
  for (const [what, bad] of Object.entries(noOptions)) {
    expectArgumentError(
      () => file.stat(bad as never),
      what.includes('signal') ? 'aborted' : 'options',
    );
  }
  expectArgumentError(() => file.stat({ bigInt: true } as never), 'bigInt');
});

test('a getter is called once', () => {
  let count = 0;
  const options = {
    get maxSize() {
      return ++count;
    },
  };
  using file = MmapFileMut.open(tempFile(), options);
  expect([file.length, count]).toEqual([1, 1]);
});
