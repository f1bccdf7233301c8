// Opening one more file when many are already open.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFile } from '@fmmap/core';

import { measureOpens, smallGoals } from '../lib/opens.mjs';
import * as part from '../lib/part.mjs';

const OPEN = 10_000;
const path = join(part.directory, 'open');
fs.writeFileSync(path, Buffer.alloc(4096, 1));
const open = Array.from({ length: OPEN }, () => MmapFile.open(path));
const tables = await measureOpens([['4 KiB', 4096]]);
tables[0].name = `4 KiB, beside ${OPEN.toLocaleString('en-US')} mappings`;
for (const file of open) file.close();
const [{ name }] = tables;
part.finish({
  title: 'Open, read one byte, close, beside many mappings',
  about: `Microseconds, for everybody beside ${OPEN} files of 4 KiB that fmmap has open (C and Bun are processes of their own, without them).`,
  tables,
  goals: smallGoals(name, 1.4),
});
