import { FileReads, FileWrites } from '@fmmap/core/internal';

export {
  CursorReader as Reader,
  CursorWriter as Writer,
  poolRuntime as runtime,
} from '@fmmap/core/internal';

export abstract class Reads extends FileReads {}

export abstract class Writes extends FileWrites {}
