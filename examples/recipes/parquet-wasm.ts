import { MmapFile } from '@fmmap/core';
import { type Table, tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';

/** All of a Parquet file as an Arrow table. It is in memory then, so the file need not stay open. */
export function loadTable(path: string): Table {
  const file = MmapFile.open(path);
  try {
    return tableFromIPC(readParquet(file.asBuffer()).intoIPCStream());
  } finally {
    file.close();
  }
}
