// What the async packages are made of. Not for direct use: it may change with any version.

export { type Advice, isAdviceSupported } from './advice.js';
export {
  drive,
  poolRuntime,
  prepare,
  type Runtime,
  readNow,
  readSome,
} from './async.js';
export {
  Access,
  type Binding,
  binding,
  LockKind,
  type OffsetArray,
  type Operation,
  pageSize,
  result,
} from './binding.js';
export { isBytes } from './bytes.js';
export { copyExact, copyTo, requireExact, toTarget } from './copy.js';
export { aim, type Whence } from './cursor.js';
export { type CursorDescription, type FileDescription, show } from './describe.js';
export { parentOf, syncDirectory, syncing, syncParentDirectory } from './directory.js';
export { Disposal, failLate } from './disposal.js';
export {
  argumentError,
  asError,
  type FaultReason,
  hide,
  type IdentityReason,
  isError,
  MmapClosedError,
  MmapError,
  type MmapErrorDetails,
  MmapFaultError,
  MmapIdentityError,
  MmapLockError,
  MmapPoisonedError,
  MmapRangeError,
  MmapUnsupportedError,
  packType,
  typeError,
  unpackType,
} from './errors.js';
export { disableFaultGuard, type FaultListener } from './fault.js';
export { AbortController, clearTimeout, clone, now, setTimeout } from './host.js';
export { timedOut } from './lock-turn.js';
export { checkMapping, type FileClass, madeBy, refuseStatic } from './made-by.js';
export type { SharedMapping } from './mapping.js';
export { Mapping, UNCLONEABLE } from './mapping.js';
export { MemoryReader } from './memory-reader.js';
export { MemoryReads } from './memory-reads.js';
export { MemoryWriter, type ReadableToo } from './memory-writer.js';
export { MemoryWrites } from './memory-writes.js';
export { mixin } from './mixin.js';
export { MmapFile } from './mmap-file.js';
export { MmapFileMut } from './mmap-file-mut.js';
export { attachMapping, openAnonymous, openFile, openMemory } from './open.js';
export type { CloseOptions, LockState, WriteToNewFileOptions } from './operations.js';
export * as operations from './operations.js';
export type {
  AttachOptions,
  CreateOptions,
  LockOptions,
  MapOptions,
  MemoryOf,
  OpenMutOptions,
  OpenOptions,
  OpenOrCreateOptions,
} from './options.js';
export { constructors, readOptions } from './options.js';
export {
  type FileLike,
  holdFile,
  holdPlace,
  isUrl,
  letGo,
  type PathLike,
  showPath,
} from './path.js';
export { checkInteger, checkSize, checkTimeout } from './range.js';
export { MmapFileReader } from './reader.js';
export { checkEncoding, type Needle, toDelimiter } from './search.js';
export {
  abortable,
  type OperationOptions,
  onAbort,
  onAbortWeakly,
  operationOptions,
  reasonOf,
  throwIfAborted,
} from './signal.js';
export type { TypedArrayConstructor, TypedArrayOf } from './typed-array.js';
export type { WasmMemory } from './wasm-memory.js';
export type { WasmRange } from './wasm-range.js';
export { call, invoke, perform, type Work } from './work.js';
export { MmapFileWriter } from './writer.js';
