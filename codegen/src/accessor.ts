import type { NumericKind } from './numeric-table.js';

/** One numeric kind in one byte order: what a pair of methods, `read…` and `write…`, is made from. */
export interface Accessor extends NumericKind {
  /** What follows `read` and `write`: `UInt8`, `UInt32LE`. */
  readonly suffix: string;
  /** Undefined for a single byte. */
  readonly littleEndian: boolean | undefined;
}

/** The sizes for which a mapping has a `last…` field, the last offset where that many bytes fit. */
const sizes = [1, 2, 4, 8, 16];

/** Expands the table by byte order; refuses a table that would not compile, or not as it was meant. */
export function accessorsOf(kinds: readonly NumericKind[]): Accessor[] {
  const names = new Set<string>();
  return kinds.flatMap((kind): Accessor[] => {
    if (names.has(kind.name)) throw new Error(`Numeric kind ${kind.name} is in the table twice.`);
    names.add(kind.name);
    if (!sizes.includes(kind.size)) {
      throw new Error(
        `Numeric kind ${kind.name} has ${kind.size} bytes, but mappings have no last${kind.size}: ` +
          `use ${sizes.join(', ')}, or add the field.`,
      );
    }
    if (kind.size === 1) return [{ ...kind, suffix: kind.name, littleEndian: undefined }];
    return [
      { ...kind, suffix: `${kind.name}LE`, littleEndian: true },
      { ...kind, suffix: `${kind.name}BE`, littleEndian: false },
    ];
  });
}

/** The expression that takes a value out of `view` at `at`. */
export function getExpression(accessor: Accessor, view: string, at: string): string {
  const { access, via, high, littleEndian } = accessor;
  if (via === 'integers') return `integers.get${access}(${args(view, at, littleEndian)})`;
  if (via === 'view') return `${view}.get${access}(${args(at, littleEndian)})`;
  // Written out: as a function it is not inlined, and costs four times as much.
  const [upper, lower] = littleEndian ? [plus(at, 4), at] : [at, plus(at, 4)];
  const half = (name: string, from: string) => `${view}.get${name}(${args(from, littleEndian)})`;
  return `${half(high ?? 'Uint32', upper)} * 0x100000000 + ${half('Uint32', lower)}`;
}

/** The statement that puts `value` into `view` at `at`. */
export function setStatement(accessor: Accessor, view: string, at: string): string {
  const { access, via, littleEndian } = accessor;
  if (via === 'integers') return `integers.set${access}(${args(view, at, 'value', littleEndian)});`;
  if (via === 'view') return `${view}.set${access}(${args(at, 'value', littleEndian)});`;
  const [upper, lower] = littleEndian ? [plus(at, 4), at] : [at, plus(at, 4)];
  // setUint32 takes the lowest 32 bits, of a negative number those of its two's complement.
  return `
    ${view}.setUint32(${args(lower, 'value', littleEndian)});
    ${view}.setUint32(${args(upper, 'Math.floor(value / 0x100000000)', littleEndian)});`;
}

const plus = (at: string, bytes: number) => (at === '0' ? String(bytes) : `${at} + ${bytes}`);

/** The statement that throws for a bad `value`: a cheap test, and core's `range.ts` for who fails it. */
export function checkStatement(accessor: Accessor): string {
  const { js, size, range } = accessor;
  const checker = checkerOf(accessor);
  if (!range) return `if (typeof value !== '${js}') ${checker}(value, 'value');`;

  const [min, max] = range.map((bound) => literal(bound, js));
  const inRange =
    js === 'bigint' && size === 8
      ? // Half the time or less of comparing two BigInts.
        [`BigInt.as${range[0] < 0n ? 'Int' : 'Uint'}N(64, value) === value`]
      : [`value >= ${min}`, `value <= ${max}`];
  const terms = [
    `typeof value === '${js}'`,
    ...inRange,
    ...(js === 'number' ? [integerTerm('value')] : []),
  ];
  return `if (!(${terms.join(' && ')})) ${checker}(value, 'value', ${min}, ${max});`;
}

/** The name of the function of core's `range.ts` that says why a value is bad. */
export function checkerOf({ js, range }: NumericKind): string {
  if (!range) return 'checkNumber';
  return js === 'bigint' ? 'checkBigInt' : 'checkInteger';
}

/** The terms of the test that `offset` is an integer with room for `size` bytes after it. */
export function offsetTerms(size: number): string[] {
  return [
    "typeof offset === 'number'",
    'offset >= 0',
    `offset <= m.last${size}`,
    integerTerm('offset'),
  ];
}

const integerTerm = (name: string) => `Math.floor(${name}) === ${name}`;

const args = (...list: readonly (string | boolean | undefined)[]) =>
  list.filter((argument) => argument !== undefined).join(', ');

function literal(value: bigint, js: 'number' | 'bigint'): string {
  const digits = value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
  return (value === 0n ? '0' : digits) + (js === 'bigint' ? 'n' : '');
}
