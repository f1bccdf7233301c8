// The memory through which a mapping sees its file, and a small pool of it.
import { Buffer, constants as buffer } from 'node:buffer';
import { constants } from 'node:os';

import { binding, type ViewOf } from '../binding/binding.js';
import { onShortage, relieved } from '../binding/shortage.js';
import { asError, hide, MmapError, systemError } from '../errors.js';
import { clone } from '../host.js';
import { isIntact } from './flag.js';

// A window is V8's own memory with the file mapped over it (native/src/mapping/window.h draws it). V8
// frees the addresses once the last view is gone, so a view can outlive its file and never dangle.
// V8 charges shared memory to no one, so a window of any size triggers no garbage collection. Views lie
// over ArrayBuffers of their own, which V8 does not count either (native/src/platform/posix/engine.cc).

const PAGE = binding.pageSize;

/**
 * What the processor maps in one piece if the address and the file offset are both multiples of it: many times faster
 * than page by page. Linux aligns memory this way if its *length* is a multiple, too.
 */
const HUGE_PAGE = 2 ** 21;

/** The most bytes of a file that one window shows: the largest V8 buffer, less room for the footer. */
export const MAX_WINDOW: number =
  Math.floor((Math.min(buffer.MAX_LENGTH, 2 ** 44) - PAGE) / HUGE_PAGE) * HUGE_PAGE;

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** The size in bytes of a window's memory for `bytes` bytes of file. */
function memoryFor(bytes: number): number {
  return roundUp(bytes + PAGE, bytes < HUGE_PAGE ? PAGE : HUGE_PAGE);
}

export class Window {
  /** Offset from the first page of the mapping, in bytes. */
  start = 0;
  /** Size of the memory in bytes. */
  readonly byteLength: number;
  /** Number of bytes before the footer; whole pages. */
  readonly capacity: number;
  /** fmmap's own object for the memory; users get views of it. */
  readonly memory: SharedArrayBuffer;
  readonly bytes: Buffer;
  readonly #footer: Uint8Array;
  /** The byte of the footer that is not 0 once the window is {@link stale}. */
  readonly flag: DataView;
  #view: DataView | undefined;
  #whole: Uint8Array | undefined;
  #address: number | undefined;
  #mark: ViewOf | undefined;
  #shared: SharedArrayBuffer | undefined;
  /** Whether the binding uses it. */
  isMapped = false;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.byteLength = memory.byteLength;
    this.capacity = Math.min(this.byteLength - PAGE, MAX_WINDOW);
    const { capacity } = this;
    this.bytes = Buffer.from(this.memory, 0, capacity);
    this.#footer = new Uint8Array(this.memory, capacity, PAGE);
    this.flag = new DataView(this.memory, capacity, 1);
  }

  /** The visible bytes: what the hot path reads through. @param delta - Offset of the first one. */
  view(delta: number, length: number): DataView {
    const known = this.#view;
    if (known?.byteOffset === delta && known.byteLength === length) return known;
    // With an explicit length: a length-tracking view would cost ten times as much.
    this.#view = new DataView(this.memory, delta, length);
    return this.#view;
  }

  /** Identifies the window to the binding. */
  get address(): number {
    this.#address ??= binding.addressOf(this.whole);
    return this.#address;
  }

  /** The mark for the memory of its views. From now on, no other file may be seen through the window. */
  markFor(owner: ViewOf['owner']): ViewOf {
    this.#mark ??= { owner, window: this };
    return this.#mark;
  }

  /** Whether the user has ever had a view. */
  get wasExposed(): boolean {
    return this.#mark !== undefined;
  }

  /** Another object for the same memory, for views that the user shares with other threads. */
  get shared(): SharedArrayBuffer {
    this.#shared ??= clone(this.memory);
    return this.#shared;
  }

  /** Makes a new window ready to be mapped over. */
  adopt(): this {
    binding.adopt(this.whole);
    return this;
  }

  /** Called when only views still use it: zeroes the footer, like the rest already, so that both form one area. */
  blank(): void {
    binding.blank(this.#footer);
  }

  /** What the binding maps: the capacity and the footer. */
  get whole(): Uint8Array {
    this.#whole ??= new Uint8Array(this.memory, 0, this.capacity + PAGE);
    return this.#whole;
  }

  /** Whether the window no longer shows the file, or only a part of it. */
  get stale(): boolean {
    return !isIntact(this.flag);
  }
}

// Missing from the types of Node 20, which supports it.
export const GrowableMemory = SharedArrayBuffer as new (
  byteLength: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;

/** @throws MmapError `ENOMEM` if the address space has no room for it */
function allocate(byteLength: number, path: string): Window {
  try {
    // Growable in name only: such memory is page-aligned and allocated without being touched.
    const memory =
      binding.allocate(byteLength) ?? new GrowableMemory(byteLength, { maxByteLength: byteLength });
    return new Window(memory).adopt();
  } catch (cause) {
    if (cause instanceof MmapError) throw cause;
    throw hide(systemError(constants.errno.ENOMEM, 'mmap', path), 'cause', asError(cause));
  }
}

const POOLED = 8;
const pool: Window[] = [];
/** Windows that are not used any more: their memory is V8's garbage, whose areas and addresses it does not count. */
let ended = 0;
onShortage({
  size: () => pool.length + ended,
  letGo() {
    const count = pool.splice(0).length + ended;
    ended = 0;
    return count;
  },
});

/**
 * A window for at least `bytes` bytes.
 * @param start - See {@link Window}.
 * @param path - Path of the file, for the error.
 */
export function takeWindow(bytes: number, start: number, path: string): Window {
  const byteLength = memoryFor(bytes);
  const window = takePooled(byteLength) ?? relieved(() => allocate(byteLength, path), true);
  window.start = start;
  return window;
}

/** Whether a window for so many bytes needs no new memory. */
export const isPooled = (bytes: number): boolean => findPooled(memoryFor(bytes)) >= 0;

/** The last one that fits: its pages are in the caches of the processor. */
function findPooled(byteLength: number): number {
  let index = pool.length - 1;
  while (index >= 0 && pool[index]?.byteLength !== byteLength) index -= 1;
  return index;
}

function takePooled(byteLength: number): Window | undefined {
  const index = findPooled(byteLength);
  if (index < 0) return undefined;
  const window = pool[index];
  const last = pool.pop() as Window;
  if (window !== last) pool[index] = last;
  return window;
}

/** Keeps a window for reuse if the user has never seen it: making one costs more than opening a small file. */
export function returnWindow(window: Window): void {
  if (!window.wasExposed) {
    if (pool.push(window) <= POOLED) return;
    pool.shift();
  }
  ended += 1;
}
