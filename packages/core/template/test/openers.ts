import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';

/** Every constructor of a file that exists, and the lock that it takes. */
export const openers = {
  'AsyncMmapFile.open': { open: AsyncMmapFile.open, lock: 'shared' },
  'AsyncMmapFile.openExec': { open: AsyncMmapFile.openExec, lock: 'shared' },
  'AsyncMmapFileMut.openCow': { open: AsyncMmapFileMut.openCow, lock: 'shared' },
  'AsyncMmapFileMut.open': { open: AsyncMmapFileMut.open, lock: 'exclusive' },
  'AsyncMmapFileMut.openExisting': { open: AsyncMmapFileMut.openExisting, lock: 'exclusive' },
} as const;
