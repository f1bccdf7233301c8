// Options that several kinds of streams share.
import { type OperationOptions, typeError } from '@fmmap/core/internal';

/** Options for methods that go through a part of a file. */
export interface RangeOptions extends OperationOptions {
  /** Offset of the first byte. @defaultValue `0` */
  offset?: number | undefined;
  /** Number of bytes. @defaultValue to the end, as it is now */
  length?: number | undefined;
}

/** @throws TypeError */
export function checkBoolean(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
}
