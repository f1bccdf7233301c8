// The seam of @fmmap/node: runs the binding's operations on the thread pool of libuv, and adds no methods.
import { FileReads, FileWrites } from '@fmmap/core/internal';

export {
  CursorReads as Reader,
  CursorWriter as Writer,
  poolRuntime as runtime,
} from '@fmmap/core/internal';

/** The base class of files; adds nothing to the methods of every async package. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {}

/** The base class of writable files' writing methods; adds nothing. */
export abstract class Writes extends FileWrites {}
