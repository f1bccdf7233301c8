import { MemoryReads, MemoryWrites } from '@fmmap/core/internal';

export {
  MemoryReader as Reader,
  MemoryWriter as Writer,
  poolRuntime as runtime,
} from '@fmmap/core/internal';

export abstract class Reads extends MemoryReads {}

export abstract class Writes extends MemoryWrites {}
