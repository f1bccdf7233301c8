/**
 * The asynchronous API with byte streams, and all of `@fmmap/core`.
 *
 * @module @fmmap/stream
 */

export * from './generated/index.js';
export type { LinesOptions } from './lines.js';
export type { RangeOptions } from './options.js';
export type { ChunkOptions, ReadableOptions } from './readable.js';
export type { WritableOptions } from './writable.js';
