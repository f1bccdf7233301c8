// The channels on which programs observe what becomes of their files. Free while nobody listens.
import type { Channel } from 'node:diagnostics_channel';
import { type Action, type Steps, stepsOf } from '../binding/steps.js';
import type { MmapFaultError } from '../errors.js';
import { builtin, now } from '../host.js';

/** What the messages about calls have in common. They are published when the call is over. */
interface CallMessage {
  /** The property `path` of the file. */
  readonly path: string;
  /** How long the call took, in milliseconds, including waits for locks and for the thread pool. */
  readonly duration: number;
  /** What the call threw; undefined if it succeeded. */
  readonly error: unknown;
}

/** A message of the channel `fmmap:open`: a file was opened, memory was mapped, or a token was attached. */
export interface OpenMessage extends CallMessage {
  /** Number of mapped bytes; 0 if the call failed. */
  readonly length: number;
}

/** A message of the channel `fmmap:close`: a handle has ended, by whatever call, or because another thread closed it. */
export interface CloseMessage extends CallMessage {
  /** Whether it was dropped without `close`, and the garbage collector ended it. */
  readonly isLeak: boolean;
}

/** A message of the channel `fmmap:flush`: the end of a `flush` or `startFlush`. */
export interface FlushMessage extends CallMessage {
  /** Offset of the first byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
  /** Whether the call waited for the disk: false for `startFlush`. */
  readonly wait: boolean;
}

/** A message of the channel `fmmap:fault`: a page of a file is lost. */
export interface FaultMessage {
  /** The property `path` of the file. */
  readonly path: string;
  /** What the methods of the file throw from now on. */
  readonly error: MmapFaultError;
}

const { channel }: typeof import('node:diagnostics_channel') = builtin('node:diagnostics_channel');

/** A channel with messages of one type. */
interface Topic<Message> extends Omit<Channel, 'publish'> {
  publish(message: Message): void;
}

export const opens = channel('fmmap:open') as Topic<OpenMessage>;
export const closes = channel('fmmap:close') as Topic<CloseMessage>;
export const flushes = channel('fmmap:flush') as Topic<FlushMessage>;
export const faults = channel('fmmap:fault') as Topic<FaultMessage>;

/** When a call starts, in milliseconds; 0 if nobody listens. */
export function startOf(topic: Topic<never>): number {
  return topic.hasSubscribers ? now() : 0;
}

/** Reports a call that is over. */
export function report<Message extends CallMessage>(
  topic: Topic<Message>,
  start: number,
  message: Omit<Message, 'duration'>,
): void {
  if (start !== 0) topic.publish({ ...message, duration: now() - start } as unknown as Message);
}

/** What there is to say about a call that returned `value`, or failed. */
type About<T, Message> = (value: T | undefined) => Omit<Message, 'duration' | 'error'>;

/** Does what a call does, and reports it. */
export function reportedNow<T, Message extends CallMessage>(
  topic: Topic<Message>,
  act: () => T,
  about: About<T, Message>,
): T {
  if (!topic.hasSubscribers) return act();
  const end = watch(topic, about);
  let value: T;
  try {
    value = act();
  } catch (error) {
    throw end.failed(error);
  }
  return end.returned(value);
}

/** The same action, reported once it is over. */
export function reported<T, Message extends CallMessage>(
  topic: Topic<Message>,
  action: Action<T>,
  about: About<T, Message>,
): Action<T> {
  return topic.hasSubscribers ? reporting(topic, action, about) : action;
}

function* reporting<T, Message extends CallMessage>(
  topic: Topic<Message>,
  action: Action<T>,
  about: About<T, Message>,
): Steps<T> {
  const end = watch(topic, about);
  let value: T;
  try {
    value = yield* stepsOf(action);
  } catch (error) {
    throw end.failed(error);
  }
  return end.returned(value);
}

function watch<T, Message extends CallMessage>(topic: Topic<Message>, about: About<T, Message>) {
  const start = startOf(topic);
  const end = (value: T | undefined, error: unknown): void =>
    report(topic, start, { ...about(value), error } as Omit<Message, 'duration'>);
  return {
    returned(value: T): T {
      end(value, undefined);
      return value;
    },
    failed(error: unknown): unknown {
      end(undefined, error);
      return error;
    },
  };
}
