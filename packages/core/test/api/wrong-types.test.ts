import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapUnsupportedError } from '../../src/index.js';
import { expectArgumentError, thrown } from '../helpers/errors.js';
import { outsideWindows } from '../helpers/platform.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(5000);
const noBytes = [undefined, null, 5n, true, {}, [1, 2], new ArrayBuffer(4), new Uint16Array(4)];

const NO_ENCODINGS = [null, 0, 5, '', 'utf9', 'toString', {}, ['utf8']];
type Call = [string, string, readonly unknown[], (file: MmapFileMut, bad: never) => unknown];

describe('an argument of the wrong type is a TypeError that names it:', () => {
  const calls: Call[] = [
    ['read', 'target', [...noBytes, 'text', 5], (file, bad) => file.read(bad)],
    ['readExact', 'target', [...noBytes, 'text', 5], (file, bad) => file.readExact(bad)],
    ['reader.read', 'target', [...noBytes, 'text', 5], (file, bad) => file.reader().read(bad)],
    [
      'reader.readExact',
      'target',
      [...noBytes, 'text', 5],
      (file, bad) => file.reader().readExact(bad),
    ],
    ['write', 'source', [...noBytes, 5], (file, bad) => file.write(bad)],
    ['writeAll', 'source', [...noBytes, 5], (file, bad) => file.writeAll(bad)],
    ['writeSome', 'source', [...noBytes, 5], (file, bad) => file.writeSome(bad)],
    ['writer.writeSome', 'source', [...noBytes, 5], (file, bad) => file.writer().writeSome(bad)],
    ['writer.read', 'target', [...noBytes, 'text', 5], (file, bad) => file.writer().read(bad)],
    [
      'reader.readUntil',
      'delimiter',
      [...noBytes, '', new Uint8Array(), 256],
      (file, bad) => file.reader().readUntil(bad),
    ],
    ...(['indexOf', 'lastIndexOf', 'includes'] as const).map(
      (method): Call => [
        `${method} in no encoding`,
        'encoding',
        NO_ENCODINGS,
        (file, bad) =>
          method === 'lastIndexOf' ? file[method]('x', 0, bad) : file[method]('x', 0, 1, bad),
      ],
    ),
    [
      'indexesOf in no encoding',
      'encoding',
      NO_ENCODINGS,
      (file, bad) => file.indexesOf('x', new Float64Array(1), 0, 1, bad),
    ],
    [
      'reader.readText in no encoding',
      'encoding',
      NO_ENCODINGS,
      (file, bad) => file.reader().readText(1, bad),
    ],
    ['writer.write', 'source', [...noBytes, 5], (file, bad) => file.writer().write(bad)],
    ['writer.writeAll', 'source', [...noBytes, 5], (file, bad) => file.writer().writeAll(bad)],
    ['indexOf', 'value', noBytes, (file, bad) => file.indexOf(bad)],
    ['lastIndexOf', 'value', noBytes, (file, bad) => file.lastIndexOf(bad)],
    ['includes', 'value', noBytes, (file, bad) => file.includes(bad)],
    ['fill', 'value', noBytes, (file, bad) => file.fill(bad)],
    ['fill with nothing', 'value', ['', new Uint8Array()], (file, bad) => file.fill(bad)],
    [
      'advise',
      'advice',
      [undefined, null, 0, '', 'Normal', 'toString', ['normal'], Symbol('normal')],
      (file, bad) => file.advise(bad),
    ],
    [
      'reader.seek',
      'whence',
      [null, 0, '', 'START', 'toString', 'constructor', '__proto__', ['start'], Symbol('x')],
      (file, bad) => file.reader().seek(0, bad),
    ],
    [
      'writer.seek',
      'whence',
      [null, 0, '', 'START', 'toString', 'constructor', '__proto__', ['start'], Symbol('x')],
      (file, bad) => file.writer().seek(0, bad),
    ],
    [
      'removeOnDispose',
      'removeOnDispose',
      [undefined, null, 0, 1, 'true'],
      (file, bad) => {
        file.removeOnDispose = bad;
      },
    ],
  ];

  test.each(calls)('%s', (_name, argument, values, call) => {
    const path = tempFile(CONTENT);
    using file = MmapFileMut.openExisting(path);
    for (const bad of values) expectArgumentError(() => call(file, bad as never), argument);
    expect(file.copyBytes().equals(CONTENT)).toBe(true);
    expect(file.removeOnDispose).toBe(false);
  });

  test.each([
    ['MmapFile.memory', MmapFile.memory],
    ['MmapFileMut.memory', MmapFileMut.memory],
  ])('%s', (_name, memory) => {
    for (const bad of [5, -1, 1.5, Number.NaN, null, 5n, true, {}, [1], new ArrayBuffer(4)]) {
      expectArgumentError(() => memory('name', bad as never), 'data');
    }
    for (const bad of [undefined, null, 5, {}, Buffer.from('name'), new URL('file:///name')]) {
      expectArgumentError(() => memory(bad as never, 'data'), 'name');
    }
  });

  test('MmapFileMut.anonymous', () => {
    const bad = [undefined, null, '5', 5n, -1, 1.5, Number.NaN, 2 ** 53, {}, [5], true];
    for (const length of bad) {
      expectArgumentError(() => MmapFileMut.anonymous(length as never), 'length');
    }
  });

  test.each([
    ['MmapFile.attach', MmapFile.attach],
    ['MmapFileMut.attach', MmapFileMut.attach],
  ])('%s', (_name, attach) => {
    using file = MmapFileMut.memory('name', CONTENT);
    const token = file.share();
    const forged = [
      ...[undefined, null, 5, 'token', {}, [], { fmmap: 1 }, { fmmap: 1, windows: [] }],
      ...[1, '1', null, undefined, `${token.secret}0`].map((secret) => ({ ...token, secret })),
      ...[5, null, {}, new SharedArrayBuffer(5), new ArrayBuffer(8192)].map((window) => ({
        ...token,
        windows: [window],
      })),
      { ...token, id: 1 },
      { ...token, path: 5 },
      { ...token, windows: 5 },
      { ...token, fmmap: 2 },
    ];
    for (const bad of forged) expectArgumentError(() => attach(bad as never), 'token');
    using second = attach(token);
    expect(second.copyBytes().equals(CONTENT)).toBe(true);
  });
});

outsideWindows.test.each(['accessMode', 'shareMode', 'attributes', 'securityQosFlags'])(
  'the option %s is refused outside Windows, and the error says so',
  (option) => {
    const path = tempFile(CONTENT);
    for (const open of [MmapFile.open, MmapFile.openExec, MmapFileMut.open, MmapFileMut.openCow]) {
      const error = thrown(() => open(path, { [option]: 0 }));
      expect(error).toBeInstanceOf(MmapUnsupportedError);
      expect(error).toMatchObject({ argument: option, code: 'ERR_MMAP_UNSUPPORTED' });
      expect(error.message).toContain('Windows');
      open(path, { [option]: undefined }).close();
    }
  },
);

test.each([
  ['read', [MmapFile.open, MmapFile.openExec, MmapFileMut.open, MmapFileMut.openCow]],
  ['write', [MmapFileMut.open, MmapFileMut.openExisting, MmapFileMut.create]],
] as const)('%s: false is refused as unsupported', (option, opens) => {
  for (const open of opens as readonly ((path: string, options: object) => MmapFile)[]) {
    const path = tempFile();
    const error = thrown(() => open(path, { [option]: false }));
    expect(error).toBeInstanceOf(MmapUnsupportedError);
    expect(error).toMatchObject({ argument: option });
  }
});

test('a token of a read-only file cannot be attached for writing', () => {
  using file = MmapFile.open(tempFile(CONTENT));
  const error = thrown(() => MmapFileMut.attach(file.share()));
  expect(error).toBeInstanceOf(MmapUnsupportedError);
  expect(error.message).toContain('MmapFile.attach');
});

test('a size below the offset of the mapping is refused', () => {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.open(path, { offset: 4097 });
  for (const size of [0, 1, 4096]) {
    expectArgumentError(() => file.truncate(size), 'size');
    expectArgumentError(() => file.closeWithTruncate(size), 'size');
    expect(file.copyBytes().equals(CONTENT.subarray(4097))).toBe(true);
  }
  file.truncate(4097);
  expect(file.isEmpty).toBe(true);
});
