/**
 * The synchronous API: files, readers, writers, errors.
 *
 * @module @fmmap/core
 */

export { syncDirectory, syncParentDirectory } from './api/directory.js';
export { MmapFile } from './api/mmap-file.js';
export { MmapFileMut } from './api/mmap-file-mut.js';
export { MmapFileReader } from './api/mmap-file-reader.js';
export { MmapFileWriter } from './api/mmap-file-writer.js';
export { getStatistics, type Statistics } from './api/statistics.js';
export { type Advice, isAdviceSupported } from './arguments/advice.js';
export type {
  AttachOptions,
  CreateOptions,
  LockOptions,
  MapOptions,
  MemoryOf,
  OpenMutOptions,
  OpenOptions,
  OpenOrCreateOptions,
} from './arguments/options.js';
export type { FileLike, PathLike } from './arguments/path.js';
export { type OffsetArray, pageSize } from './binding/binding.js';
export type {
  CloseMessage,
  FaultMessage,
  FlushMessage,
  OpenMessage,
} from './diagnostics/channels.js';
export { measurePerformance } from './diagnostics/observers.js';
export {
  type FaultReason,
  type IdentityReason,
  MmapClosedError,
  MmapError,
  type MmapErrorDetails,
  MmapFaultError,
  MmapIdentityError,
  MmapLockError,
  MmapPoisonedError,
  MmapRangeError,
  MmapUnsupportedError,
} from './errors.js';
export type { CursorDescription, FileDescription, LockState } from './mapping/describe.js';
export { disableFaultGuard, type FaultListener } from './mapping/faults.js';
export type { SharedMapping } from './mapping/traits.js';
export type { WasmMemory } from './mapping/wasm-memory.js';
export type { Whence } from './memory/cursor.js';
export type { Needle } from './memory/search.js';
export type { TypedArrayConstructor, TypedArrayOf } from './memory/typed-array.js';
export type { WasmRange } from './memory/wasm-range.js';
export type { WriterOptions } from './memory/write-buffer.js';
export type { CloseOptions, WriteToNewFileOptions } from './operations/operations.js';
