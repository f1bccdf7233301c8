// Numbers and names as people read them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

const oneDecimal = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** `4.8 MiB` */
export function formatSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // What would be rounded to 1024 is 1 of the next unit.
  while (Number(value.toFixed(1)) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${oneDecimal(value)} ${UNITS[unit]}`;
}

/** `1,221` */
export const formatCount = (count: number | bigint): string => count.toLocaleString('en-US');

/** `1 page`, `1,221 pages` */
export const formatNumber = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** How many percent a part is, with one decimal: 0 and 100 only if it is nothing or everything. */
export function percentOf(part: number, whole: number): number {
  if (part === 0) return 0;
  if (part === whole) return 100;
  return Math.min(Math.max(Math.round((part / whole) * 1000) / 10, 0.1), 99.9);
}

/** `12 ns`, `1.9 µs`, `3.2 ms` */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${oneDecimal(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${oneDecimal(nanoseconds / 1e3)} µs`;
  if (nanoseconds < 1e9) return `${oneDecimal(nanoseconds / 1e6)} ms`;
  return `${oneDecimal(nanoseconds / 1e9)} s`;
}

/** A name or a message without control characters: those of a file name would reach the terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
