// Streaming a file that is in memory.
import * as fs from 'node:fs';

import { AsyncMmapFile } from '@fmmap/stream';

import * as part from '../lib/part.mjs';
import { race, timed } from '../lib/race.mjs';

const length = part.pick(2 ** 28, 2 ** 30);
const file = await AsyncMmapFile.open(part.big, { length });
await file.prefetch();

const streamed = (open) =>
  timed(async () => {
    let bytes = 0;
    let sum = 0;
    for await (const chunk of open()) {
      bytes += chunk.length;
      sum += chunk[chunk.length - 1]; // both have chunks of the same size
    }
    return `${bytes} bytes, ${sum}`;
  });

async function measure(chunkSize) {
  const end = length - 1;
  const contenders = {
    'fs.createReadStream': streamed(() =>
      fs.createReadStream(part.big, { highWaterMark: chunkSize, end }),
    ),
    'file.readable': streamed(() => file.readable({ chunkSize })),
    'file.readable, copy': streamed(() => file.readable({ chunkSize, copy: true })),
  };
  const name = `chunks of ${chunkSize / 1024} KiB`;
  const { rounds } = part;
  return race({ name, unit: 'ms', reference: 'fs.createReadStream', rounds, contenders });
}

const tables = [await measure(2 ** 16), await measure(2 ** 20)];
await file.close();
part.finish({
  title: 'Streaming',
  about: `Milliseconds for ${length / 2 ** 20} MiB that are in memory. \`copy\` gives chunks of memory of their own, as \`fs\` does.`,
  tables,
  goals: tables.flatMap(({ name }) =>
    ['file.readable', 'file.readable, copy'].map((contender) => ({
      table: name,
      contender,
      most: 1,
      than: 'fs.createReadStream',
    })),
  ),
});
