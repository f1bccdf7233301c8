import { type OperationOptions, typeError } from '@fmmap/core/internal';

/** Options of what goes through a part of a file. */
export interface RangeOptions extends OperationOptions {
  /** First byte. @defaultValue `0` */
  offset?: number | undefined;
  /** Bytes. @defaultValue to the end, as it is now */
  length?: number | undefined;
}

/** @throws TypeError */
export function checkBoolean(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
}
