import type { At, Recipe } from './at.js';
import { MARK } from './recipes-write.js';

// All typed accessors: their names say what they do.

const NAME = /^(read|write)((?:Big)?(U?Int)(\d*)|[UI]Size|Float|Double)(LE|BE)?$/;

/** The size for accessors whose size is an argument. */
const SIZED = 5;

type Value = number | bigint;
type Methods = Record<string, (...args: unknown[]) => Value>;
interface Cursor {
  readonly offset: number;
  readonly position: number;
}

interface Kind {
  readonly name: string;
  readonly size: number;
  readonly isLittle: boolean;
}

function encode({ name, size, isLittle }: Kind, value: Value): Buffer {
  const bytes = Buffer.alloc(size);
  if (name === 'Float') bytes.writeFloatBE(Number(value));
  else if (name === 'Double') bytes.writeDoubleBE(Number(value));
  else {
    const digits = BigInt.asUintN(size * 8, BigInt(value)).toString(16);
    bytes.write(digits.padStart(size * 2, '0'), 'hex');
  }
  return isLittle ? bytes.reverse() : bytes;
}

/** The value whose bytes are the mark, as far as possible. */
function marked({ name, size }: Kind): Value {
  const bytes = Buffer.alloc(size, MARK);
  if (name === 'Float') return bytes.readFloatBE();
  if (name === 'Double') return bytes.readDoubleBE();
  if (name.endsWith('Size')) return 0x0e_eeee_eeee_eeee;
  const bits = BigInt(`0x${bytes.toString('hex')}`);
  const value = name.includes('UInt') ? bits : BigInt.asIntN(size * 8, bits);
  return name.startsWith('Big') ? value : Number(value);
}

/** `undefined` for a name that is not a typed accessor. */
export function typed(method: string, isCursor: boolean): Recipe | undefined {
  const [, verb, name, , bits, order] = NAME.exec(method) ?? [];
  if (name === undefined) return undefined;
  const sized = bits === '' ? [SIZED] : [];
  const size = sized[0] ?? (bits ? Number(bits) / 8 : name === 'Float' ? 4 : 8);
  const kind = { name, size, isLittle: order === 'LE' };
  const where = (target: Cursor, at: At) =>
    isCursor ? target.offset + target.position : at.offset;
  const call = (target: object, ...args: unknown[]) =>
    (target as Methods)[method]?.(...args) as Value;

  if (verb === 'read') {
    return (target: Cursor, at: At) => {
      const from = where(target, at);
      const value = exact(() => call(target, ...(isCursor ? [] : [from]), ...sized));
      // NaN has lost its bits.
      if (!Number.isNaN(value)) at.notes.bytes(from, encode(kind, value));
    };
  }
  return (target: Cursor, at: At) => {
    const from = where(target, at);
    const value = marked(kind);
    const done = at.notes.writing(from, encode(kind, value));
    call(target, value, ...(isCursor ? [] : [from]), ...sized);
    done();
  };
}

/** The value that a call reads, even if it throws because the value is not a safe integer. */
function exact(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const [, digits] = /is (-?\d+), which a number/.exec(String(error)) ?? [];
    if (digits === undefined) throw error;
    return BigInt(digits);
  }
}
