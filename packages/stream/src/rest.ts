// Streams that take over what remains of a reader or writer.
import { type OperationOptions, operationOptions } from '@fmmap/core/internal';
import type { RangeOptions } from './options.js';

/** What remains of the part of a reader or writer. */
interface Cursor {
  readonly fileOffset: number;
  readonly remaining: number;
  skip(length: number): number;
}

/**
 * Lets a stream take over what remains of a reader or writer, which moves to its end.
 * @param takes - The accepted options, besides `signal`.
 * @param make - Creates the stream; if it throws, the position does not change.
 */
export function takeRest<Options extends OperationOptions, Stream>(
  cursor: Cursor,
  options: Options | undefined,
  takes: readonly string[],
  make: (options: Options & RangeOptions) => Stream,
): Stream {
  const values = operationOptions(options, takes);
  const length = cursor.remaining;
  const offset = length === 0 ? 0 : cursor.fileOffset; // which may be past the end now
  const stream = make({ ...values, offset, length });
  cursor.skip(length);
  return stream;
}
