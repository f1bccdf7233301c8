// What commander passes on, checked.
import { InvalidArgumentError, Option } from 'commander';
import { parseSize } from './sizes.js';
import { type NumericType, TYPES, TYPES_HELP } from './types.js';

const size = (text: string): number => {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Not a size, such as 4096, 64k or 1GiB.');
};

/** A number of things. */
export const count =
  (most: number) =>
  (text: string): number => {
    const number = parseSize(text);
    if (number !== undefined && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`Not a whole number from 1 to ${most}.`);
  };

export const seconds = (text: string): number => {
  const number = Number(text);
  if (number >= 0.05 && number <= 86_400) return number;
  throw new InvalidArgumentError('Not a number of seconds from 0.05 to 86400.');
};

/** The order of bytes may be left out: it is that of most processors. */
export const type = (text: string): NumericType => {
  const found = TYPES.get(text) ?? TYPES.get(`${text}le`);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`Known are ${TYPES_HELP}.`);
};

export const offsetOption = (): Option =>
  new Option('-o, --offset <size>', 'offset to start at').argParser(size);
export const lengthOption = (): Option =>
  new Option('-l, --length <size>', 'number of bytes, at most').argParser(size);
export const jsonOption = (): Option => new Option('--json', 'print a line of JSON for each file');
