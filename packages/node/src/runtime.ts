import { FileReads, FileWrites } from '@fmmap/core/internal';

export {
  CursorReads as Reader,
  CursorWriter as Writer,
  poolRuntime as runtime,
} from '@fmmap/core/internal';

/** What files have besides the methods of every async package. */
export abstract class Reads<
  Memory extends ArrayBufferLike = ArrayBuffer,
> extends FileReads<Memory> {}

/** What writable files have besides. */
export abstract class Writes extends FileWrites {}
