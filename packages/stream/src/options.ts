import { abortable, type OperationOptions, typeError } from '@fmmap/core/internal';

/** Options of what goes through a part of a file. */
export interface RangeOptions extends OperationOptions {
  /** First byte. @defaultValue `0` */
  offset?: number | undefined;
  /** Bytes. @defaultValue to the end, as it is now */
  length?: number | undefined;
}

/**
 * Checks what all methods check of their options.
 * @throws TypeError also for an option that the method does not take; the reason of an aborted signal
 */
export function signalOf(
  options: OperationOptions | undefined,
  takes: readonly string[],
): AbortSignal | undefined {
  const signal = abortable(options);
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value === undefined || key === 'signal' || takes.includes(key)) continue;
    const known = [...takes, 'signal'].join(', ');
    throw Object.assign(new TypeError(`"${key}" is not an option here; those are ${known}`), {
      code: 'ERR_INVALID_ARG_VALUE',
      argument: key,
    });
  }
  return signal;
}

/** @throws TypeError */
export function checkBoolean(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
}
