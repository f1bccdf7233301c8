import { parentPort, workerData } from 'node:worker_threads';
import { MmapFile, type SharedMapping } from '@fmmap/core';

/** The lines from `start` to `end` of a file that another thread has mapped. */
export interface Part {
  mapping: SharedMapping;
  column: number;
  start: number;
  end: number;
}

export interface Sum {
  rows: number;
  sum: number;
}

const COMMA = 0x2c;

function sumOf({ mapping, column, start, end }: Part): Sum {
  const file = MmapFile.attach(mapping); // the same memory
  try {
    const total = { rows: 0, sum: 0 };
    const ends = new Float64Array(65_536);
    for (let at = start; at < end; ) {
      const count = file.indexesOf('\n', ends, at, end);
      if (count < ends.length) ends[count] = end; // a last line without its end
      const lines = ends.subarray(0, count + 1);
      const first = at;
      const bytes = file.bytes(first, (lines.at(-1) ?? end) - first); // one view for all of them
      for (const lineEnd of lines) {
        if (lineEnd > at) {
          total.rows += 1;
          total.sum += numberIn(bytes, at - first, lineEnd - first, column);
        }
        at = lineEnd + 1;
      }
    }
    return total;
  } finally {
    file.close();
  }
}

/** The number in a column of the line from `start` to `end`. */
function numberIn(bytes: Buffer, start: number, end: number, column: number): number {
  for (let from = start, n = 0; ; ++n) {
    let comma = from;
    while (comma < end && bytes[comma] !== COMMA) ++comma;
    if (n === column) return Number(bytes.toString('latin1', from, comma));
    if (comma === end) throw new Error(`no column ${column} in '${bytes.subarray(start, end)}'`);
    from = comma + 1;
  }
}

parentPort?.postMessage(sumOf(workerData));
