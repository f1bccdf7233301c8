// Cuts the file that FMMAP_FILE names as soon as it is mapped.
import { truncateSync } from 'node:fs';
import { MmapFile } from '@fmmap/core';

const { open } = MmapFile;
MmapFile.open = (...args) => {
  const file = open.apply(MmapFile, args);
  truncateSync(process.env.FMMAP_FILE, 10);
  return file;
};
