import * as fs from 'node:fs';
import { inspect } from 'node:util';
import v8 from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  MmapFile,
  MmapFileMut,
  MmapFileReader,
  MmapFileWriter,
  MmapRangeError,
} from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { whereFlagsOfOpen } from '../helpers/platform.js';
import { staticsOf } from '../helpers/statics.js';
import { pattern, snapshot, tempDir, tempFile } from '../helpers/temp.js';

// Code that looks as if it made a file object, but would make something else.

const CONTENT = pattern(5000);

const objects: Record<string, () => object> = {
  'a file': () => MmapFile.open(tempFile(CONTENT)),
  'a writable file': () => MmapFileMut.open(tempFile(CONTENT)),
  memory: () => MmapFile.memory('m', CONTENT),
  'a frozen file': () => MmapFileMut.memory('m', CONTENT).freeze(),
  'a consumed file': () => {
    const file = MmapFileMut.memory('m', CONTENT);
    file.freeze();
    return file;
  },
  'a reader': () => MmapFile.memory('m', CONTENT).reader(),
  'a writer': () => MmapFileMut.memory('m', CONTENT).writer(),
  'an object that has one': () => ({ file: MmapFile.memory('m', CONTENT) }),
};

describe.each(Object.entries(objects))('%s', (_name, make) => {
  const ways: Record<string, (object: object) => unknown> = {
    structuredClone: (object) => structuredClone(object),
    postMessage: (object) => {
      const { port1 } = new MessageChannel();
      try {
        port1.postMessage(object);
      } finally {
        port1.close();
      }
    },
    'v8.serialize': (object) => v8.serialize(object),
  };

  test.each(Object.keys(ways))(
    'cannot be cloned by %s, and the error says what to do instead',
    (way) => {
      const object = make();
      const error = thrown(() => ways[way]?.(object));
      expect(error.message).toMatch(/share\(\).*attach\(\)/);
      if (way !== 'v8.serialize') expect(error.name).toBe('DataCloneError');
    },
  );

  test('is logged and copied without its memory', () => {
    const object = make();
    expect(inspect(object).length).toBeLessThan(400);
    expect(JSON.stringify(object).length).toBeLessThan(400);
    expect(() => ({ ...object })).not.toThrow();
  });
});

/** The file classes. */
const classes = { MmapFile, MmapFileMut };

describe.each(Object.entries(classes))('%s', (name, type) => {
  const Anything = type as unknown as new (...args: unknown[]) => object;

  test.each([[[]], [[{}]], [['path']], [[null]], [[Object.create(type.prototype)]]])(
    'cannot be constructed with new, given %j',
    (args) => {
      const error = thrown(() => new Anything(...args));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(`${name}.open`);
      class Own extends Anything {}
      expect(thrown(() => new Own(...args)).message).toContain('open');
    },
  );

  test.each(staticsOf(type))('refuses %s on a subclass before it does anything', (method) => {
    class Own extends Anything {}
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    for (const args of [[path], [`${path}.new`]]) {
      const error = thrown(() =>
        (Own as unknown as Record<string, (...args: unknown[]) => void>)[method]?.(...args),
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_THIS' });
      expect(error.message).toMatch(new RegExp(`call MmapFile(Mut)?\\.${method}`));
    }
    expect(snapshot(path)).toEqual(before);
    expect(fs.existsSync(`${path}.new`)).toBe(false);
  });

  test('has static methods that work without the class as `this`', () => {
    const { open } = type;
    open(tempFile(CONTENT)).close();
    [tempFile(CONTENT)].map((path) => open(path).close());
  });
});

test('MmapFileMut has no openExec, and the error names the class that has', () => {
  const path = tempFile(CONTENT);
  // @ts-expect-error: the types have none either
  const error = thrown(() => MmapFileMut.openExec(path));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain('call MmapFile.openExec');
});

test('readers and writers can be constructed with new', () => {
  using file = MmapFileMut.memory('m', CONTENT);
  type Make = new (...args: unknown[]) => MmapFileReader | MmapFileWriter;
  for (const type of [MmapFileReader, MmapFileWriter] as unknown as Make[]) {
    const { offset, length } = new type(file, 4000, 500);
    expect({ offset, length }).toEqual({ offset: 4000, length: 500 });
    expect(new type(file).length).toBe(5000);
    for (const args of [[], [{}], [null], ['path']])
      expectArgumentError(() => new type(...args), 'file');
    expectArgumentError(() => new type(file, 4000, 5000), 'length');
    expectArgumentError(() => new type(file, -1), 'offset');
  }
});

describe('messages name the method that was called:', () => {
  const options = { nonsense: true };
  const calls: [string, () => unknown][] = [
    ['MmapFile.open', () => MmapFile.open('x', options as object)],
    ['MmapFile.openExec', () => MmapFile.openExec('x', options as object)],
    ['MmapFile.memory', () => MmapFile.memory('x', '', options as object)],
    ['MmapFileMut.open', () => MmapFileMut.open('x', options as object)],
    ['MmapFileMut.create', () => MmapFileMut.create('x', options as object)],
    ['MmapFileMut.openExisting', () => MmapFileMut.openExisting('x', options as object)],
    ['MmapFileMut.openCow', () => MmapFileMut.openCow('x', options as object)],
    ['MmapFileMut.memory', () => MmapFileMut.memory('x', '', options as object)],
    ['MmapFileMut.anonymous', () => MmapFileMut.anonymous(5, options as object)],
    ['MmapFile.attach', () => MmapFile.attach(undefined as never, options as object)],
    ['MmapFileMut.attach', () => MmapFileMut.attach(undefined as never, options as object)],
  ];

  test.each(calls)('%s', (name, call) => {
    expect(thrown(call).message).toMatch(
      new RegExp(`^${name} does not take the option "nonsense"`),
    );
  });
});

describe('a path that ends with a slash', () => {
  const at = (name: string) => `${tempDir()}/${name}`;
  const calls: [string, () => unknown][] = [
    ['MmapFileMut.open of what is not there', () => MmapFileMut.open(at('new/'))],
    ['MmapFileMut.create', () => MmapFileMut.create(at('new/'))],
    ['MmapFile.open of a file', () => MmapFile.open(`${tempFile(CONTENT)}/`)],
    ['MmapFile.open, as bytes', () => MmapFile.open(Buffer.from(`${tempFile(CONTENT)}/`))],
    [
      'writeToNewFile',
      () => {
        using file = MmapFile.memory('m', CONTENT);
        file.writeToNewFile(at('new/'));
      },
    ],
  ];

  test.each(calls)('is reported as the cause: %s', (_name, call) => {
    expect(thrown(call).message).toMatch(/ends with a slash.*leave the slash out/);
  });
});

whereFlagsOfOpen.test.each([
  ['O_TMPFILE', 0o20200000, 'anonymous'],
  ['O_TMPFILE', 0o20000000, 'anonymous'],
  ['O_PATH', 0o10000000, 'fs.open'],
])('customFlags with %s is refused, and the error says why', (name, customFlags, instead) => {
  const directory = tempDir();
  for (const path of [directory, `${directory}/new`]) {
    for (const open of [MmapFile.open, MmapFileMut.open, MmapFileMut.create]) {
      const error = thrown(() => open(path, { customFlags }));
      expect(error).toBeInstanceOf(MmapRangeError);
      expect(error).toMatchObject({ argument: 'customFlags' });
      expect(error.message).toContain(name);
      expect(error.message).toContain(instead);
    }
  }
  expect(fs.readdirSync(directory)).toEqual([]);
});
