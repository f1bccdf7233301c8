/**
 * The asynchronous API on worker threads, which also run code of your own over the same memory; and all of `@fmmap/core`.
 *
 * @module @fmmap/worker
 */

export type { ChunkOptions, MapProgress } from './chunks.js';
export * from './generated/index.js';
export { getDefaultPool, type PoolOptions, setDefaultPool, WorkerPool } from './pool.js';
export type { AttachedFile, RunOptions, TaskModule } from './task.js';
