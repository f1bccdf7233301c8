// What the async packages are built from. Not for direct use: may change in any version.

export { copyMethods } from './api/copy-methods.js';
export { parentOf, syncing } from './api/directory.js';
export { checkMapping, type FileClass, madeBy, refuseStatic } from './api/file-class.js';
export { attachMapping, openAnonymous, openFile, openMemory } from './api/open.js';
export { checkWhole, isBytes } from './arguments/bytes.js';
export { constructors, readOptions } from './arguments/options.js';
export { holdFile, holdPlace, isUrl, letGo, showPath } from './arguments/path.js';
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
  type Operation,
  result,
} from './binding/binding.js';
export {
  type Action,
  type Call,
  callBinding,
  invoke,
  makeCall,
  type Steps,
  stepsOf,
} from './binding/steps.js';
export {
  argumentError,
  asError,
  hide,
  isError,
  packType,
  typeError,
  unpackType,
} from './errors.js';
export { AbortController, clearTimeout, clone, now, process, setTimeout } from './host.js';
export * from './index.js';
/** For the build, which makes the public module from it. */
export * as index from './index.js';
export { show } from './mapping/describe.js';
export { Disposal, failAfter, failLate } from './mapping/disposal.js';
export { timedOut } from './mapping/lock-queue.js';
export { Mapping } from './mapping/mapping.js';
export { UNCLONEABLE } from './mapping/traits.js';
export { copyTo, toTarget } from './memory/copy.js';
export { aim, type CursorFile, peekAt } from './memory/cursor.js';
export { CursorWriter } from './memory/cursor-writer.js';
export { FileReads } from './memory/file-reads.js';
export { FileWrites, sourceBytes } from './memory/file-writes.js';
export { CursorReads } from './memory/generated/cursor-reads.js';
export { checkEncoding, toDelimiter } from './memory/search.js';
export * as operations from './operations/operations.js';
export {
  prepare,
  readAll,
  readAtOnce,
  readNext,
  readReserved,
  readSome,
} from './operations/reading.js';
export { poolRuntime, type Runtime, runAsync } from './operations/run-async.js';
export { share, twinOf } from './share.js';
