// What the async packages are made of. Not for direct use: it may change with any version.

export { parentOf, syncDirectory, syncing, syncParentDirectory } from './api/directory.js';
export { checkMapping, type FileClass, madeBy, refuseStatic } from './api/file-class.js';
export { mixin } from './api/mixin.js';
export { MmapFile } from './api/mmap-file.js';
export { MmapFileMut } from './api/mmap-file-mut.js';
export { MmapFileReader } from './api/mmap-file-reader.js';
export { MmapFileWriter } from './api/mmap-file-writer.js';
export { attachMapping, openAnonymous, openFile, openMemory } from './api/open.js';
export { type Advice, isAdviceSupported } from './arguments/advice.js';
export { isBytes } from './arguments/bytes.js';
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
export { constructors, readOptions } from './arguments/options.js';
export {
  type FileLike,
  holdFile,
  holdPlace,
  isUrl,
  letGo,
  type PathLike,
  showPath,
} from './arguments/path.js';
export { checkInteger, checkSize, checkTimeout } from './arguments/range.js';
export {
  abortable,
  type OperationOptions,
  onAbort,
  onAbortWeakly,
  operationOptions,
  reasonOf,
  throwIfAborted,
} from './arguments/signal.js';
export {
  Access,
  type Binding,
  binding,
  LockKind,
  type OffsetArray,
  type Operation,
  pageSize,
  result,
} from './binding/binding.js';
export { call, invoke, perform, type Work } from './binding/steps.js';
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
export { AbortController, clearTimeout, clone, now, setTimeout } from './host.js';
export { type CursorDescription, type FileDescription, show } from './mapping/describe.js';
export { Disposal, failLate } from './mapping/disposal.js';
export { disableFaultGuard, type FaultListener } from './mapping/faults.js';
export { timedOut } from './mapping/lock-queue.js';
export type { SharedMapping } from './mapping/mapping.js';
export { Mapping, UNCLONEABLE } from './mapping/mapping.js';
export type { WasmMemory } from './mapping/wasm-memory.js';
export { copyExact, copyTo, requireExact, toTarget } from './memory/copy.js';
export { aim, type Whence } from './memory/cursor.js';
export { CursorReader } from './memory/cursor-reader.js';
export { CursorWriter, type ReadableToo } from './memory/cursor-writer.js';
export { FileReads } from './memory/file-reads.js';
export { FileWrites } from './memory/file-writes.js';
export { checkEncoding, type Needle, toDelimiter } from './memory/search.js';
export type { TypedArrayConstructor, TypedArrayOf } from './memory/typed-array.js';
export type { WasmRange } from './memory/wasm-range.js';
export {
  drive,
  poolRuntime,
  prepare,
  type Runtime,
  readNow,
  readSome,
} from './operations/async.js';
export type { CloseOptions, LockState, WriteToNewFileOptions } from './operations/operations.js';
export * as operations from './operations/operations.js';
