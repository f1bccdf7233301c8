import { type OperationOptions, operationOptions } from '@fmmap/core/internal';
import type { RangeOptions } from './options.js';

/** What a reader or a writer still has of its part. */
interface Cursor {
  readonly fileOffset: number;
  readonly remaining: number;
  skip(length: number): number;
}

/**
 * Has a stream take over what remains of a reader or writer, which is at its end from then on.
 * @param takes - The options that there may be, besides `signal`.
 * @param make - Makes the stream; if that fails, the position stays.
 */
export function takeRest<Options extends OperationOptions, Stream>(
  cursor: Cursor,
  options: Options | undefined,
  takes: readonly string[],
  make: (options: Options & RangeOptions) => Stream,
): Stream {
  const values = operationOptions(options, takes);
  const length = cursor.remaining;
  const offset = length === 0 ? 0 : cursor.fileOffset; // which may be past the end by now
  const stream = make({ ...values, offset, length });
  cursor.skip(length);
  return stream;
}
