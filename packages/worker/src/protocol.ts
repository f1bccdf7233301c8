// The messages between the pool and its threads.
import type { Operation, SharedMapping } from '@fmmap/core/internal';

import type { Failure } from './failure.js';

/** An operation of the binding. */
export interface OperationRequest {
  readonly operation: Operation;
  readonly args: readonly unknown[];
}

/** Where a thread finds the function to call. */
export type TaskSource =
  | { readonly url: string }
  | { readonly code: string }
  /** Finds where chunks begin and end, by the function of another source or by lines. */
  | { readonly cutsBy: TaskSource | 'line' };

/** A user's function, to be called with a handle of its own on a file. */
export interface TaskRequest {
  readonly task: TaskSource;
  readonly file: SharedMapping;
  /** Whether the views of that handle are backed by shared memory, as those of the file are. */
  readonly shared: boolean;
  readonly args: readonly unknown[];
}

export type Request = OperationRequest | TaskRequest;

export type Reply = { readonly value: unknown } | { readonly failure: Failure };
