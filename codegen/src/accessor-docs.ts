import type { Accessor } from './accessor.js';
import type { SizedKind } from './numeric-table.js';

/** The kind that shows how it is done; the other methods would only repeat its example. */
const representative = 'UInt32LE';

const offsetTag = (size: number) =>
  `@param offset - In bytes from the start of the mapping, aligned or not: 0 to \`length - ${size}\`. Default: \`0\`.`;
const valueTag = (accessor: Accessor) =>
  `@param value - ${values(accessor)}; anything else throws.`;
const stateTag =
  '@throws `MmapFaultError`, `MmapPoisonedError`, or `MmapClosedError` after `close`.';

/** TSDoc of a `read…` of the file. */
export function readDocs(accessor: Accessor): string {
  const { size, via } = accessor;
  const beyond = via === 'halves' ? ', or the value in the file is' : '';
  return tsdoc(
    accessor,
    `Reads ${describe(accessor)} from the ${bytes(size)} at \`offset\`.`,
    [
      offsetTag(size),
      `@returns ${values(accessor)}.`,
      '@throws `TypeError` if `offset` is not a number.',
      `@throws \`MmapRangeError\` if \`offset\` is out of range${beyond}.`,
      stateTag,
    ],
    [
      "import { MmapFile } from '@fmmap/core';",
      '',
      "const file = MmapFile.memory('numbers', Uint8Array.of(1, 2, 0, 0));",
      'console.log(file.readUInt32LE(0)); // 513',
      'file.close();',
    ],
  );
}

/** TSDoc of a `write…` of the file. */
export function writeDocs(accessor: Accessor): string {
  const { size } = accessor;
  return tsdoc(
    accessor,
    `Writes ${describe(accessor)} to the ${bytes(size)} at \`offset\`.`,
    [
      valueTag(accessor),
      offsetTag(size),
      `@returns \`offset + ${size}\`, where the next value goes.`,
      '@throws `TypeError` if an argument has the wrong type.',
      '@throws `MmapRangeError` if an argument is out of range; then nothing is written.',
      stateTag,
    ],
    [
      "import { MmapFileMut } from '@fmmap/core';",
      '',
      "const file = MmapFileMut.memory('numbers', new Uint8Array(4));",
      'console.log(file.writeUInt32LE(513, 0)); // 4',
      'console.log(file.asBuffer()); // <Buffer 01 02 00 00>',
      'file.close();',
    ],
  );
}

/** TSDoc of a `read…` of a reader. */
export function readerDocs(accessor: Accessor): string {
  const { size, via } = accessor;
  const beyond = via === 'halves' ? ' or the value is out of range' : '';
  return tsdoc(
    accessor,
    `Reads ${describe(accessor)} from the next ${bytes(size)} and moves past ${size === 1 ? 'it' : 'them'}.`,
    [
      `@returns ${values(accessor)}.`,
      `@throws \`MmapRangeError\` if ${remain(size)}${beyond}; the position stays.`,
      stateTag,
    ],
    [
      "import { MmapFile } from '@fmmap/core';",
      '',
      "const file = MmapFile.memory('numbers', Uint8Array.of(1, 2, 0, 0));",
      'const reader = file.reader();',
      'console.log(reader.readUInt32LE(), reader.position); // 513 4',
      'file.close();',
    ],
  );
}

/** TSDoc of a `write…` of a writer. */
export function writerDocs(accessor: Accessor): string {
  const { size } = accessor;
  return tsdoc(
    accessor,
    `Writes ${describe(accessor)} to the next ${bytes(size)} and moves past ${size === 1 ? 'it' : 'them'}.`,
    [
      valueTag(accessor),
      '@returns The new position.',
      '@throws `TypeError` if `value` has the wrong type.',
      `@throws \`MmapRangeError\` if \`value\` is out of range or ${remain(size)}; the position stays.`,
      stateTag,
    ],
    [
      "import { MmapFileMut } from '@fmmap/core';",
      '',
      "const file = MmapFileMut.memory('numbers', new Uint8Array(4));",
      'const writer = file.writer();',
      'console.log(writer.writeUInt32LE(513)); // 4',
      'file.close();',
    ],
  );
}

const sizedOffsetTag =
  '@param offset - In bytes from the start of the mapping, aligned or not: 0 to `length - byteLength`.';
const byteLengthTag = '@param byteLength - 1 to 6 bytes.';
const sizedValueTag = (kind: SizedKind) =>
  `@param value - ${sizedValues(kind)}; anything else throws.`;

/** TSDoc of a `read…` of the file whose size is an argument. */
export function sizedReadDocs(kind: SizedKind): string {
  return block(`Reads ${sizedNoun(kind)} from the \`byteLength\` bytes at \`offset\`.`, [
    sizedOffsetTag,
    byteLengthTag,
    `@returns ${sizedValues(kind)}.`,
    '@throws `TypeError` if an argument is not a number.',
    '@throws `MmapRangeError` if one is out of range.',
    stateTag,
  ]);
}

/** TSDoc of a `write…` of the file whose size is an argument. */
export function sizedWriteDocs(kind: SizedKind): string {
  return block(`Writes ${sizedNoun(kind)} to the \`byteLength\` bytes at \`offset\`.`, [
    sizedValueTag(kind),
    sizedOffsetTag,
    byteLengthTag,
    '@returns `offset + byteLength`, where the next value goes.',
    '@throws `TypeError` if an argument is not a number.',
    '@throws `MmapRangeError` if one is out of range; then nothing is written.',
    stateTag,
  ]);
}

/** TSDoc of a `read…` of a reader whose size is an argument. */
export function sizedReaderDocs(kind: SizedKind): string {
  return block(`Reads ${sizedNoun(kind)} from the next \`byteLength\` bytes and moves past them.`, [
    byteLengthTag,
    `@returns ${sizedValues(kind)}.`,
    '@throws `TypeError` if `byteLength` is not a number.',
    '@throws `MmapRangeError` if it is out of range, or more than remains; the position stays.',
    stateTag,
  ]);
}

/** TSDoc of a `write…` of a writer whose size is an argument. */
export function sizedWriterDocs(kind: SizedKind): string {
  return block(`Writes ${sizedNoun(kind)} to the next \`byteLength\` bytes and moves past them.`, [
    sizedValueTag(kind),
    byteLengthTag,
    '@returns The new position.',
    '@throws `TypeError` if an argument is not a number.',
    '@throws `MmapRangeError` if one is out of range, or fewer bytes remain; the position stays.',
    stateTag,
  ]);
}

const sizedNoun = (kind: SizedKind) =>
  `${kind.startsWith('U') ? 'an unsigned' : 'a signed'} integer, ${kind.endsWith('LE') ? 'little' : 'big'}-endian,`;
const sizedValues = (kind: SizedKind) =>
  kind.startsWith('U')
    ? 'An integer, 0 to 2^(8 × `byteLength`) - 1'
    : 'An integer, -2^(8 × `byteLength` - 1) to 2^(8 × `byteLength` - 1) - 1';

/** 'an unsigned 32-bit integer, little-endian,' */
function describe({ size, range, littleEndian }: Accessor): string {
  const sign = range && range[0] < 0n ? 'a signed' : 'an unsigned';
  const kind = range ? `${sign} ${size * 8}-bit integer` : `a ${size * 8}-bit float`;
  if (littleEndian === undefined) return kind;
  return `${kind}, ${littleEndian ? 'little' : 'big'}-endian,`;
}

function values({ size, js, range }: Accessor): string {
  if (!range) return size === 4 ? 'Any number, in single precision' : 'Any number';
  const [min, max] = range;
  return `${js === 'bigint' ? 'A bigint' : 'An integer'}, ${power(min)} to ${power(max)}`;
}

/** Bounds are 2^n or 2^n - 1, and easier to read so than in digits. */
function power(bound: bigint): string {
  const size = bound < 0n ? -bound : bound;
  if (size < 2n ** 16n) return String(bound);
  const bits = size.toString(2).length;
  if (size === 2n ** BigInt(bits - 1)) return `${bound < 0n ? '-' : ''}2^${bits - 1}`;
  return bound < 0n ? `-(2^${bits} - 1)` : `2^${bits} - 1`;
}

const bytes = (size: number) => (size === 1 ? 'byte' : `${size} bytes`);
const remain = (size: number) =>
  size === 1 ? 'nothing remains' : `fewer than ${size} bytes remain`;

function tsdoc(
  { suffix }: Accessor,
  summary: string,
  tags: readonly string[],
  example: readonly string[],
): string {
  return block(summary, tags, suffix === representative ? example : []);
}

function block(summary: string, tags: readonly string[], example: readonly string[] = []): string {
  const lines = [summary, '', ...tags];
  if (example.length > 0) lines.push('@example', '```ts', ...example, '```');
  // A leading line break makes ts-morph write the comment over several lines.
  return `\n${lines.join('\n')}`;
}
