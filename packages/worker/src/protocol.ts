import type { Operation, SharedMapping } from '@fmmap/core/internal';

import type { Failure } from './failure.js';

// What the pool and its threads say to each other.

/** An operation of the binding. */
export interface OperationRequest {
  readonly operation: Operation;
  readonly args: readonly unknown[];
}

/** Where a thread finds the function that it is to call. */
export type TaskSource =
  | { readonly url: string }
  | { readonly code: string }
  /** Where chunks begin and end, as the function of another source finds it, or by lines. */
  | { readonly cutsBy: TaskSource | 'line' };

/** A function of the user's, on a handle of its own on a file. */
export interface TaskRequest {
  readonly task: TaskSource;
  readonly file: SharedMapping;
  /** Whether the views of that handle lie over shared memory, as those of the file do. */
  readonly shared: boolean;
  readonly args: readonly unknown[];
}

export type Request = OperationRequest | TaskRequest;

export type Reply = { readonly value: unknown } | { readonly failure: Failure };
