export type { Whence } from './cursor.js';
export { syncDirectory, syncParentDirectory } from './directory.js';
export {
  type FaultCause,
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
export { disableFaultGuard, type FaultListener } from './fault.js';
export type { SharedMapping } from './mapping.js';
export { type Advice, type LockState, MmapFile } from './mmap-file.js';
export { MmapFileMut } from './mmap-file-mut.js';
export type {
  CreateOptions,
  MapOptions,
  OpenMutOptions,
  OpenOptions,
  OpenOrCreateOptions,
} from './options.js';
export type { PathLike } from './path.js';
export { MmapFileReader } from './reader.js';
export type { Needle } from './search.js';
export { MmapFileWriter } from './writer.js';
