// The types of numbers that a dump can show: those that core reads.
import { MmapFile } from '@fmmap/core';

export interface NumericType {
  /** Such as `f64le`. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The number of characters that any value fits into. */
  readonly width: number;
  read(file: MmapFile, offset: number): string;
}

type Reader = (this: MmapFile, offset: number, size?: number) => number | bigint;

/** `readUSizeLE` and its like refuse what is beyond 2^53: the same bytes are a u64. */
const METHOD = /^read(?:Big)?(UInt|Int|Float|Double)(\d*)(LE|BE)?$/;

/** Buffer has sizes of their own for these, too. */
const SIZED = [3, 5, 6];

/** Every method of a class, inherited ones included. */
function methodsOf(prototype: object | null): [name: string, value: unknown][] {
  if (prototype === null) return [];
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  return [
    ...own.map(([name, { value }]): [string, unknown] => [name, value]),
    ...methodsOf(Object.getPrototypeOf(prototype)),
  ];
}

function typesOf([method, value]: [string, unknown]): NumericType[] {
  const [found, kind = '', digits = '', order = ''] = METHOD.exec(method) ?? [];
  if (found === undefined) return [];
  const read = value as Reader;
  const end = order.toLowerCase();
  if (kind === 'Float') return [floating(`f32${end}`, 4, read)];
  if (kind === 'Double') return [floating(`f64${end}`, 8, read)];
  const sizes = digits === '' ? SIZED : [Number(digits) / 8];
  return sizes.map((size) => integer(`${kind === 'Int' ? 'i' : 'u'}${size * 8}${end}`, size, read));
}

function integer(name: string, size: number, read: Reader): NumericType {
  const isSigned = name.startsWith('i');
  const width = String(2n ** BigInt(size * 8 - (isSigned ? 1 : 0))).length + (isSigned ? 1 : 0);
  return {
    name,
    size,
    width,
    read: (file, offset) =>
      String(read.call(file, offset, SIZED.includes(size) ? size : undefined)),
  };
}

function floating(name: string, size: number, read: Reader): NumericType {
  const [width, show] = size === 4 ? [16, showFloat] : [24, showDouble];
  return { name, size, width, read: (file, offset) => show(Number(read.call(file, offset))) };
}

/** With an exponent only where there would be many zeroes. */
const showDouble = (value: number): string => {
  if (Object.is(value, -0)) return '-0';
  const isShort = value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15);
  return isShort ? String(value) : value.toExponential();
};

/** As few digits as tell a number from every other of 32 bits. */
function showFloat(value: number): string {
  if (value === 0) return showDouble(value); // toPrecision() leaves out the sign of -0
  for (let digits = 6; digits < 9; ++digits) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(short), value)) return showDouble(short);
  }
  return showDouble(Number(value.toPrecision(9)));
}

const order = ({ name, size }: NumericType): string =>
  `${name[0]}${String(size).padStart(2)}${name}`;

/** All of them, by name. */
export const TYPES: ReadonlyMap<string, NumericType> = new Map(
  methodsOf(MmapFile.prototype)
    .flatMap(typesOf)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((type) => [type.name, type]),
);

/** Them all, as people say it. */
export const TYPES_HELP: string = `${[
  ...new Set([...TYPES.keys()].map((name) => name.replace(/[lb]e$/, ''))),
].join(' ')}, followed by le or be`;
