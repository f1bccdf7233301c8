import { MmapFile } from '@fmmap/core';
import { type Table, tableFromIPC } from 'apache-arrow';

/** A table over an Arrow file (or stream), whose columns are the file's own memory. */
export function openTable(path: string): { table: Table; close(): void } {
  const file = MmapFile.open(path);
  try {
    return { table: tableFromIPC(file.asBuffer()), close: () => file.close() };
  } catch (error) {
    file.close(); // not an Arrow file
    throw error;
  }
}
