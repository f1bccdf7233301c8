/**
 * The nearest neighbours of a vector in a file of vectors, by brute force: WebAssembly code with SIMD runs on the mapped file
 * as if it were its own memory, in all threads at once. `node dist/nearest.js FILE DIMENSIONS ROW [COUNT]`: the file is
 * 32-bit floats (little-endian), a vector after the other, whose DIMENSIONS are a multiple of 4.
 */
import { fileURLToPath } from 'node:url';
import { AsyncMmapFile, type WorkerPool } from '@fmmap/worker';

import { type Neighbour, Neighbours } from './neighbours.js';

const TASK = new URL('nearest-task.js', import.meta.url);

/** The most bytes that a thread has in its memory at a time. */
const PART = 2 ** 26;

/** The `count` vectors of a file that are nearest to `query`, nearest first. */
export async function nearest(
  file: AsyncMmapFile,
  query: Float32Array,
  count: number,
  pool?: WorkerPool,
): Promise<Neighbour[]> {
  const size = query.byteLength;
  if (size === 0 || size % 16 !== 0 || size > 2 ** 16) {
    throw new RangeError(`a vector has 4 to 16,384 dimensions, by fours; not ${query.length}`);
  }
  if (file.length % size !== 0) throw new RangeError(`'${file.path}' is cut off in a vector`);
  const chunkSize = Math.max(Math.floor(PART / size), 1) * size;
  const parts = await file.map<Neighbour[]>(TASK, { chunkSize, args: [query, count], pool });
  const found = new Neighbours(count);
  for (const neighbour of parts.flat()) found.add(neighbour);
  return found.list;
}

async function main(): Promise<void> {
  const [path = '', ...numbers] = process.argv.slice(2);
  const [dimensions = 0, row = 0, count = 10] = numbers.map(Number);
  await using file = await AsyncMmapFile.open(path);
  const query = Float32Array.from({ length: dimensions }, (_, at) =>
    file.readFloatLE(4 * (row * dimensions + at)),
  );
  for (const { row, distance } of await nearest(file, query, count)) console.log(row, distance);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
