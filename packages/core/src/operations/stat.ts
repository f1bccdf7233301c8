// Turns the binding's file status into Node's Stats objects.
import * as fs from 'node:fs';

// The objects are those that `fs.fstat` returns. Only the prototypes of Node's classes are used: their constructors are
// deprecated, and that of `BigIntStats` is not available.

/** The order of `FileStat` in `native/src/platform/file.h`; then come the seconds and nanoseconds of {@link TIMES}. */
const FIELDS = [
  'dev',
  'mode',
  'nlink',
  'uid',
  'gid',
  'rdev',
  'blksize',
  'ino',
  'size',
  'blocks',
] as const;

const TIMES = ['atime', 'mtime', 'ctime', 'birthtime'] as const;

const NANOSECONDS = 1_000_000_000n;
const PER_MILLISECOND = 1_000_000n;

/** The array that the binding fills. Shared, because another thread may make the system call. */
export function statNumbers(): BigInt64Array {
  const count = FIELDS.length + 2 * TIMES.length;
  return new BigInt64Array(new SharedArrayBuffer(count * BigInt64Array.BYTES_PER_ELEMENT));
}

function fieldsOf(numbers: BigInt64Array): [string, bigint][] {
  return FIELDS.map((name, index) => [name, BigInt.asUintN(64, numbers[index] ?? 0n)]);
}

function timesOf(numbers: BigInt64Array): { name: string; seconds: bigint; rest: bigint }[] {
  return TIMES.map((name, index) => {
    const at = FIELDS.length + 2 * index;
    return { name, seconds: numbers[at] ?? 0n, rest: numbers[at + 1] ?? 0n };
  });
}

export function toStats(numbers: BigInt64Array): fs.Stats {
  const stats = Object.create(fs.Stats.prototype) as Record<string, unknown>;
  for (const [name, value] of fieldsOf(numbers)) stats[name] = Number(value);
  const times = timesOf(numbers);
  for (const { name, seconds, rest } of times) {
    stats[`${name}Ms`] = Number(seconds) * 1000 + Number(rest) / 1e6;
  }
  for (const { name } of times) addDate(stats, name, stats[`${name}Ms`] as number);
  return stats as unknown as fs.Stats;
}

export function toBigIntStats(numbers: BigInt64Array): fs.BigIntStats {
  const stats = new BigIntStats() as unknown as Record<string, unknown>;
  Object.assign(stats, Object.fromEntries(fieldsOf(numbers)));
  const times = timesOf(numbers).map(({ name, seconds, rest }) => ({
    name,
    nanoseconds: seconds * NANOSECONDS + rest,
  }));
  for (const { name, nanoseconds } of times) stats[`${name}Ms`] = nanoseconds / PER_MILLISECOND;
  for (const { name, nanoseconds } of times) stats[`${name}Ns`] = nanoseconds;
  for (const { name } of times) addDate(stats, name, Number(stats[`${name}Ms`]));
  return stats as unknown as fs.BigIntStats;
}

/** Adds a date unless the prototype provides it, as it does since Node 22. */
function addDate(stats: Record<string, unknown>, name: string, milliseconds: number): void {
  if (!(name in stats)) stats[name] = new Date(Math.round(milliseconds));
}

/** Node's class of this name, which it does not export. */
class BigIntStats {
  declare readonly mode: bigint;

  isFile(): boolean {
    return this.#isOf(fs.constants.S_IFREG);
  }
  isDirectory(): boolean {
    return this.#isOf(fs.constants.S_IFDIR);
  }
  isSymbolicLink(): boolean {
    return this.#isOf(fs.constants.S_IFLNK);
  }
  isFIFO(): boolean {
    return this.#isOf(fs.constants.S_IFIFO);
  }
  isSocket(): boolean {
    return this.#isOf(fs.constants.S_IFSOCK);
  }
  isBlockDevice(): boolean {
    return this.#isOf(fs.constants.S_IFBLK);
  }
  isCharacterDevice(): boolean {
    return this.#isOf(fs.constants.S_IFCHR);
  }

  #isOf(type: number): boolean {
    return (this.mode & BigInt(fs.constants.S_IFMT)) === BigInt(type);
  }
}
