/**
 * The asynchronous API on libuv's thread pool, and all of `@fmmap/core`.
 *
 * @module @fmmap/node
 */

export * from './generated/index.js';
