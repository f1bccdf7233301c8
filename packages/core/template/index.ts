// The public names of an async package: those of core, and the asynchronous classes and functions.

export * from '../src/index.js';
export type { OperationOptions } from '../src/internal.js';
export { AsyncMmapFile } from './async-mmap-file.js';
export { AsyncMmapFileMut } from './async-mmap-file-mut.js';
export { AsyncMmapFileReader } from './async-reader.js';
export { AsyncMmapFileWriter } from './async-writer.js';
export { syncDirectory, syncParentDirectory } from './directory.js';
