import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MmapFile } from '@fmmap/core';

import type { Part, Sum } from './csv-worker.js';

/** Adds up a column of numbers of a CSV file, in several threads. */
export async function sumColumn(path: string, column: number, threads = 4): Promise<Sum> {
  const file = MmapFile.open(path);
  try {
    const mapping = file.share();
    const parts = partsOf(file, threads);
    const sums = parts.map(async ([start, end]): Promise<Sum> => {
      const part: Part = { mapping, column, start, end };
      const worker = new Worker(new URL('csv-worker.js', import.meta.url), { workerData: part });
      const [sum] = await once(worker, 'message');
      return sum;
    });
    const total = { rows: 0, sum: 0 };
    for (const { rows, sum } of await Promise.all(sums)) {
      total.rows += rows;
      total.sum += sum;
    }
    return total;
  } finally {
    file.close();
  }
}

/** Parts of about the same size, each of whole lines; not the first line, which has the names. */
function partsOf(file: MmapFile, count: number): [start: number, end: number][] {
  const afterLine = (offset: number): number => file.indexOf('\n', offset) + 1 || file.length;
  const parts: [number, number][] = [];
  for (let start = afterLine(0), n = 1; start < file.length; ++n) {
    const end =
      n < count ? afterLine(Math.max(Math.floor((n * file.length) / count), start)) : file.length;
    parts.push([start, end]);
    start = end;
  }
  return parts;
}
