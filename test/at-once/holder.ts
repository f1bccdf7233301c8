// Another process that holds the lock of a file until its input ends.
import * as fs from 'node:fs';
import { MmapFileMut } from '@fmmap/core';

const file = MmapFileMut.openExisting(process.argv[2] ?? '');
fs.writeSync(1, 'held\n');
process.stdin.resume().on('end', () => file.close());
