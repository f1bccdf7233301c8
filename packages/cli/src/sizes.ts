// Sizes as people write them: `64k`, `1GiB`, `0x1000`.

const POWERS = 'kmgtpe';
const SIZE = /^(0x[0-9a-f]+|\d+(?:\.\d+)?)\s*(?:b|([kmgtpe])(i?b)?)?$/i;

/**
 * The number of bytes that a text stands for: `k` and `KiB` are 1024 bytes, `kB` is 1000, as in GNU's programs.
 * @returns Undefined if it is no size, or none that a number can hold exactly.
 */
export function parseSize(text: string): number | undefined {
  const [, digits = '', power = '', unit = ''] = SIZE.exec(text.trim()) ?? [];
  if (digits === '') return undefined;
  const base = unit.toLowerCase() === 'b' ? 1000 : 1024;
  const exponent = power === '' ? 0 : POWERS.indexOf(power.toLowerCase()) + 1;
  const bytes = Number(digits) * base ** exponent;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
