// The public names of @fmmap/worker.

export type { ChunkOptions, MapProgress } from './chunks.js';
export * from './generated/index.js';
export { getDefaultPool, type PoolOptions, setDefaultPool, WorkerPool } from './pool.js';
export type { AttachedFile, RunOptions, TaskModule } from './task.js';
