import { MmapFile } from '@fmmap/core';
import Database from 'better-sqlite3';

/** A database in memory with the content of a file, which stays as it is, whatever is done to the database. */
export function loadDatabase(path: string): Database.Database {
  const file = MmapFile.open(path);
  try {
    return new Database(file.asBuffer()); // copies it
  } finally {
    file.close();
  }
}
