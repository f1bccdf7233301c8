// Turns the binding's file status into Node's Stats objects.
import type * as fs from 'node:fs';
import { fsConstants, Stats, Temporal } from '../host.js';

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

interface Time {
  readonly name: string;
  readonly seconds: bigint;
  /** Nanoseconds, fewer than a second. */
  readonly rest: bigint;
}

function timesOf(numbers: BigInt64Array): Time[] {
  return TIMES.map((name, index) => {
    const at = FIELDS.length + 2 * index;
    return { name, seconds: numbers[at] ?? 0n, rest: numbers[at + 1] ?? 0n };
  });
}

export function toStats(numbers: BigInt64Array): fs.Stats {
  const stats = Object.create(Stats.prototype) as Record<string, unknown>;
  for (const [name, value] of fieldsOf(numbers)) stats[name] = Number(value);
  const times = timesOf(numbers);
  for (const { name, seconds, rest } of times) {
    stats[`${name}Ms`] = Number(seconds) * 1000 + Number(rest) / 1e6;
  }
  for (const time of times) addDates(stats, time);
  return stats as unknown as fs.Stats;
}

export function toBigIntStats(numbers: BigInt64Array): fs.BigIntStats {
  const stats = new BigIntStats() as unknown as Record<string, unknown>;
  Object.assign(stats, Object.fromEntries(fieldsOf(numbers)));
  const times = timesOf(numbers);
  for (const time of times) stats[`${time.name}Ms`] = nanosecondsOf(time) / PER_MILLISECOND;
  for (const time of times) stats[`${time.name}Ns`] = nanosecondsOf(time);
  for (const time of times) addDates(stats, time);
  return stats as unknown as fs.BigIntStats;
}

function nanosecondsOf({ seconds, rest }: Time): bigint {
  return seconds * NANOSECONDS + rest;
}

/**
 * Adds the time as objects. Before Node 22 there is a `Date` among the other properties; since then it is made on demand,
 * and since Node 26 there is a `Temporal.Instant`, too. Node's own accessors are of use only for the dates of `Stats`:
 * those of the instants read what only Node's constructor stores.
 */
function addDates(stats: Record<string, unknown>, time: Time): void {
  const { name } = time;
  const instant = `${name}Instant`;
  const makeDate = () => new Date(Math.round(Number(stats[`${name}Ms`])));
  if (!(name in Stats.prototype)) stats[name] = makeDate();
  else if (!(name in stats)) addLazily(stats, name, makeDate);
  if (instant in Stats.prototype) {
    addLazily(stats, instant, () => Temporal?.Instant.fromEpochNanoseconds(nanosecondsOf(time)));
  }
}

/** Adds a property that is enumerable only once it was read, as if it came from the prototype until then. */
function addLazily(stats: object, name: string, make: () => unknown): void {
  const keep = (value: unknown) => {
    const property = { value, configurable: true, enumerable: true, writable: true };
    Object.defineProperty(stats, name, property);
    return value;
  };
  Object.defineProperty(stats, name, { configurable: true, get: () => keep(make()), set: keep });
}

/** Node's class of this name, which it does not export. */
class BigIntStats {
  declare readonly mode: bigint;

  isFile(): boolean {
    return this.#isOf(fsConstants.S_IFREG);
  }
  isDirectory(): boolean {
    return this.#isOf(fsConstants.S_IFDIR);
  }
  isSymbolicLink(): boolean {
    return this.#isOf(fsConstants.S_IFLNK);
  }
  isFIFO(): boolean {
    return this.#isOf(fsConstants.S_IFIFO);
  }
  isSocket(): boolean {
    return this.#isOf(fsConstants.S_IFSOCK);
  }
  isBlockDevice(): boolean {
    return this.#isOf(fsConstants.S_IFBLK);
  }
  isCharacterDevice(): boolean {
    return this.#isOf(fsConstants.S_IFCHR);
  }

  #isOf(type: number): boolean {
    return (this.mode & BigInt(fsConstants.S_IFMT)) === BigInt(type);
  }
}
