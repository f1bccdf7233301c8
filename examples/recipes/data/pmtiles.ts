import { gzipSync } from 'node:zlib';

/** An archive of the first tiles by ID, as the specification has it (github.com/protomaps/PMTiles): the package only reads. */
export function tileArchive(
  count: number,
  tileOf: (id: number) => Uint8Array,
  isCompressed: boolean,
): Buffer {
  const tiles = Array.from({ length: count }, (_, id) =>
    isCompressed ? gzipSync(tileOf(id)) : tileOf(id),
  );
  const numbers = [
    [tiles.length],
    tiles.map((_, id) => Math.min(id, 1)), // each ID, as the difference to the one before
    tiles.map(() => 1),
    tiles.map(({ length }) => length),
    tiles.map((_, id) => (id === 0 ? 1 : 0)), // where each is: 0 is after the one before
  ];
  const directory = gzipSync(Uint8Array.from(numbers.flat().flatMap(varint)));
  const metadata = gzipSync('{"name":"test"}');
  const data = Buffer.concat(tiles);
  const header = Buffer.alloc(127);
  header.write('PMTiles\x03');
  const [root, after] = [header.length, header.length + directory.length];
  const start = after + metadata.length;
  const fields = [root, directory.length, after, metadata.length, start, 0, start, data.length];
  for (const [at, value] of [...fields, count, count, count].entries()) {
    header.writeBigUInt64LE(BigInt(value), 8 + at * 8);
  }
  header.set([1, 2, isCompressed ? 2 : 1, 1, 0, 5], 96); // clustered, gzip, vector tiles, zooms
  return Buffer.concat([header, directory, metadata, data]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
