import type { MmapFile, MmapFileMut, MmapFileReader, MmapFileWriter } from '../../src/index.js';
import { kinds } from './kinds.js';
import { sharedMemory } from './wasm.js';

/** Values that are not an offset, length, size or byte, by how they are written. */
export const notIntegers: Readonly<Record<string, unknown>> = {
  NaN: Number.NaN,
  '1.5': 1.5,
  '-1': -1,
  '2 ** 53': 2 ** 53,
  Infinity: Number.POSITIVE_INFINITY,
  "'5'": '5',
  null: null,
  undefined: undefined,
  '5n': 5n,
  true: true,
  '[5]': [5],
};

/** What a call with a bad number must leave unchanged. */
export interface Targets {
  readonly file: MmapFileMut;
  readonly readOnly: MmapFile;
  readonly reader: MmapFileReader;
  readonly writer: MmapFileWriter;
  /** A path where there is no file. */
  readonly absent: string;
}

export interface NumericArgument {
  /** The method, with a question mark at the argument. */
  readonly call: string;
  readonly method: string;
  readonly argument: string;
  readonly run: (targets: Targets, bad: never) => unknown;
  /** The names in {@link notIntegers} that are valid here. */
  readonly fine: readonly string[];
}

const optional = ['undefined'];
/** Text is a valid value, too. */
const text = ["'5'"];

type Owner = keyof Targets;

/** One argument of a method; `args` has `'?'` where it goes. */
function row(
  owner: Owner,
  method: string,
  argument: string,
  args: readonly unknown[],
  fine: readonly string[] = [],
): NumericArgument {
  const shown = args.map((arg) => (arg === '?' ? '?' : arg === undefined ? 'undefined' : '…'));
  return {
    call: `${owner}.${method}(${shown.join(', ')})`,
    method,
    argument,
    fine,
    run: (targets, bad) => {
      const object = targets[owner] as unknown as Record<string, (...args: unknown[]) => unknown>;
      return object[method]?.(
        ...args.map((arg) => (arg === '?' ? bad : arg === ABSENT ? targets.absent : arg)),
      );
    },
  };
}

const ABSENT = Symbol('a path');
const BYTES = Buffer.from('bytes');
const OFFSETS = new Float64Array(1);
/** Integers whose size is an argument. */
const SIZED = ['UIntLE', 'UIntBE', 'IntLE', 'IntBE'];
const MEMORY = sharedMemory(0, 2 ** 16);

/** `(offset?, length?)` after other arguments. */
function range(owner: Owner, method: string, ...before: unknown[]): NumericArgument[] {
  return [
    row(owner, method, 'offset', [...before, '?'], optional),
    row(owner, method, 'offset', [...before, '?', 1], optional),
    row(owner, method, 'length', [...before, 0, '?'], optional),
    row(owner, method, 'length', [...before, undefined, '?'], optional),
  ];
}

const reads: NumericArgument[] = (['file', 'readOnly'] as const).flatMap((owner) => [
  ...range(owner, 'bytes'),
  ...range(owner, 'array', Uint8Array),
  ...range(owner, 'copyBytes'),
  row(owner, 'read', 'offset', [BYTES, '?'], optional),
  row(owner, 'readExact', 'offset', [BYTES, '?'], optional),
  ...['indexOf', 'lastIndexOf', 'includes'].flatMap((method) => [
    row(owner, method, 'value', ['?'], text),
    row(owner, method, 'offset', [BYTES, '?'], optional),
    row(owner, method, 'offset', ['', '?'], optional),
    row(owner, method, 'offset', [7, '?'], optional),
  ]),
  ...['indexOf', 'includes'].map((method) => row(owner, method, 'end', [BYTES, 0, '?'], optional)),
  row(owner, 'indexesOf', 'value', ['?', OFFSETS], text),
  row(owner, 'indexesOf', 'start', ['a', OFFSETS, '?'], optional),
  row(owner, 'indexesOf', 'end', ['a', OFFSETS, 0, '?'], optional),
  ...range(owner, 'reader'),
  ...range(owner, 'mapInto', MEMORY),
  ...range(owner, 'writeToNewFile', ABSENT),
  ...range(owner, 'advise', 'random'),
  ...['prefetch', 'residency', 'lockMemory', 'unlockMemory'].flatMap((m) => range(owner, m)),
  ...kinds.map(({ suffix }) => row(owner, `read${suffix}`, 'offset', ['?'], optional)),
  ...SIZED.flatMap((kind) => [
    row(owner, `read${kind}`, 'offset', ['?', 3]),
    row(owner, `read${kind}`, 'byteLength', [0, '?']),
  ]),
]);

const writes: NumericArgument[] = [
  ...['write', 'writeAll', 'writeSome'].flatMap((method) => [
    row('file', method, 'offset', [BYTES, '?'], optional),
    row('file', method, 'offset', ['', '?'], optional),
  ]),
  row('file', 'fill', 'value', ['?'], text),
  row('file', 'fill', 'start', [1, '?'], optional),
  row('file', 'fill', 'end', [1, 0, '?'], optional),
  row('file', 'zeroRange', 'start', ['?', 1]),
  row('file', 'zeroRange', 'end', [0, '?']),
  row('file', 'copyWithin', 'target', ['?', 0, 1]),
  row('file', 'copyWithin', 'start', [0, '?']),
  row('file', 'copyWithin', 'start', [0, '?', 1]),
  row('file', 'copyWithin', 'end', [0, 0, '?'], optional),
  ...range('file', 'writer'),
  ...['flush', 'startFlush'].flatMap((method) => range('file', method)),
  ...['truncate', 'closeWithTruncate'].map((method) => row('file', method, 'size', ['?'])),
  ...kinds.map(({ suffix, of }) =>
    row('file', `write${suffix}`, 'offset', [of(1n), '?'], optional),
  ),
  ...SIZED.flatMap((kind) => [
    row('file', `write${kind}`, 'value', ['?', 0, 3], kind.startsWith('U') ? [] : ['-1']),
    row('file', `write${kind}`, 'offset', [1, '?', 3]),
    row('file', `write${kind}`, 'byteLength', [1, 0, '?']),
  ]),
];

const cursors: NumericArgument[] = [
  ...(['reader', 'writer'] as const).flatMap((owner) => [
    row(owner, 'seek', 'offset', ['?']),
    row(owner, 'seek', 'offset', ['?', 'start']),
    row(owner, 'seek', 'offset', ['?', 'current'], ['-1']),
    row(owner, 'seek', 'offset', ['?', 'end'], ['-1']),
    row(owner, 'skip', 'length', ['?']),
  ]),
  row('reader', 'bytes', 'length', ['?']),
  row('writer', 'bytes', 'length', ['?']),
  row('reader', 'readText', 'length', ['?'], optional),
  ...SIZED.flatMap((kind) => [
    row('reader', `read${kind}`, 'byteLength', ['?']),
    row('writer', `write${kind}`, 'value', ['?', 3], kind.startsWith('U') ? [] : ['-1']),
    row('writer', `write${kind}`, 'byteLength', [1, '?']),
  ]),
  row('reader', 'peek', 'length', ['?']),
  row('reader', 'chunks', 'size', ['?']),
];

/** Every numeric argument of every method, apart from the values of typed writes. */
export const numericArguments: readonly NumericArgument[] = [...reads, ...writes, ...cursors];

/** Methods that take no number. */
export const withoutNumbers: readonly string[] = [
  ...['asBuffer', 'stat', 'lock', 'lockShared', 'tryLock', 'tryLockShared', 'unlock', 'share'],
  ...[
    'close',
    'freeze',
    'freezeExec',
    'remove',
    'reopen',
    'checkFault',
    'onFault',
    'gather', // its offsets are in an array
    'readLine',
    'readUntil',
    'follow',
    String(Symbol.dispose),
  ],
  ...['Symbol(Symbol.iterator)', 'claim', 'advance'], // the last two are not public
];
