import { types } from 'node:util';
import { type Odd, oddities } from './content.js';

/** An error in a form that can be sent between threads. */
export interface Thrown {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly stack: string;
}

export interface Written {
  readonly offset: number;
  readonly bytes: readonly number[];
  /** The offset that they were copied from, where others may have written before. */
  readonly from: number | undefined;
  /** Whether the call that wrote them returned. */
  isDone: boolean;
}

/** The observation of one call. */
export type Note =
  /** Bytes that were returned, or that a view shows, and where they differ from the content. */
  | { readonly kind: 'bytes' | 'view'; readonly odd: readonly Odd[] }
  /** There is a zero at the offset or after it. */
  | { readonly kind: 'zero'; readonly offset: number }
  /** A search did not find the content at the offset. */
  | { readonly kind: 'absent'; readonly offset: number; readonly length: number }
  | { readonly kind: 'is'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: Thrown }
  /** Wrong, whatever else has happened. */
  | { readonly kind: 'wrong'; readonly text: string };

/** The observations of one member's calls in a thread; plain data, except `kept`. */
export class Notes {
  readonly list: Note[] = [];
  readonly written: Written[] = [];
  /** Handles that were made, to be checked once everything has finished, and closed. */
  readonly kept: object[] = [];
  readonly content: Buffer;

  /** @param content - Of the file. */
  constructor(content: Buffer) {
    this.content = content;
  }

  bytes(offset: number, found: Uint8Array): void {
    const odd = oddities(this.content, offset, found);
    if (odd.length > 0) this.list.push({ kind: 'bytes', odd });
  }

  view(offset: number, found: Uint8Array): void {
    const odd = oddities(this.content, offset, found);
    if (odd.length > 0) this.list.push({ kind: 'view', odd });
  }

  zero(offset: number): void {
    this.list.push({ kind: 'zero', offset });
  }

  absent(offset: number, length: number): void {
    this.list.push({ kind: 'absent', offset, length });
  }

  is(name: string, value: unknown): void {
    this.list.push({ kind: 'is', name, value });
  }

  expect(isRight: boolean, text: string): void {
    if (!isRight) this.list.push({ kind: 'wrong', text });
  }

  /** Records that bytes are about to be written. @returns A function that records that they have been. */
  writing(offset: number, bytes: Uint8Array, from?: number): () => void {
    const written: Written = { offset, bytes: [...bytes], from, isDone: false };
    this.written.push(written);
    return () => {
      written.isDone = true;
    };
  }

  keep(handle: object): void {
    this.kept.push(handle);
  }

  threw(error: unknown): void {
    this.list.push({ kind: 'threw', error: toThrown(error) });
  }
}

export function toThrown(error: unknown): Thrown {
  if (!types.isNativeError(error)) {
    return { name: 'no error', code: '', message: String(error), stack: '' };
  }
  const { name, message, stack = '' } = error;
  const code = 'code' in error ? String(error.code) : '';
  return { name, code, message, stack };
}
