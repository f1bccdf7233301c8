import { Buffer, constants as buffer } from 'node:buffer';
import { constants } from 'node:os';

import { binding, type ViewOf } from '../binding/binding.js';
import { onShortage, relieved } from '../binding/shortage.js';
import { asError, hide, systemError } from '../errors.js';
import { clone } from '../host.js';

// A window is V8's own memory with the file mapped over it (native/src/mapping/window.h draws it). V8
// frees the addresses once the last view is gone, so a view can outlive its file and never dangle,
// and because V8 counts shared memory as nobody's, a window of any size starts no garbage collection.
// Views lie over ArrayBuffers of their own, for which V8 counts nothing either (native/src/platform/posix/engine.cc).

const PAGE = binding.pageSize;

/**
 * What the processor maps in one piece, if the address and the place in the file both are multiples of it: many times
 * faster than page by page. Linux puts memory there if its *length* is a multiple, too.
 */
const HUGE_PAGE = 2 ** 21;

/** The most bytes of a file that one window shows: what V8 puts in one buffer, less room for the footer. */
export const MAX_WINDOW: number =
  Math.floor((Math.min(buffer.MAX_LENGTH, 2 ** 44) - PAGE) / HUGE_PAGE) * HUGE_PAGE;

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** The size of the memory of a window for so many bytes. */
function memoryFor(bytes: number): number {
  return roundUp(bytes + PAGE, bytes < HUGE_PAGE ? PAGE : HUGE_PAGE);
}

export class Window {
  /** Counted from the first page of the mapping. */
  start = 0;
  /** Bytes before the footer; whole pages. */
  readonly capacity: number;
  /** The fmmap side of the memory. Users get views of it. */
  readonly memory: SharedArrayBuffer;
  readonly bytes: Buffer;
  readonly #footer: Uint8Array;
  #view: DataView | undefined;
  #whole: Uint8Array | undefined;
  #address: number | undefined;
  #mark: ViewOf | undefined;
  #shared: SharedArrayBuffer | undefined;
  /** Whether the binding looks at it. */
  isMapped = false;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.capacity = Math.min(memory.byteLength - PAGE, MAX_WINDOW);
    const { capacity } = this;
    this.bytes = Buffer.from(this.memory, 0, capacity);
    this.#footer = new Uint8Array(this.memory, capacity, PAGE);
  }

  /**
   * Everything from the visible start on, the footer included: what the hot path reads through.
   * @param delta - Of the visible start from its page.
   */
  view(delta: number): DataView {
    // With a length: a view that tracked the memory's size would cost ten times as much.
    if (this.#view?.byteOffset !== delta) {
      this.#view = new DataView(this.memory, delta, this.capacity + PAGE - delta);
    }
    return this.#view;
  }

  /** By which the binding knows it. */
  get address(): number {
    this.#address ??= binding.addressOf(this.whole);
    return this.#address;
  }

  /** What is noted of the memory of its views. From now on no other file may be seen through it. */
  markFor(owner: ViewOf['owner']): ViewOf {
    this.#mark ??= { owner, window: this };
    return this.#mark;
  }

  /** Whether a user has ever had a view. */
  get wasExposed(): boolean {
    return this.#mark !== undefined;
  }

  /** Another object for the same memory, for views that users share with other threads. */
  get shared(): SharedArrayBuffer {
    this.#shared ??= clone(this.memory);
    return this.#shared;
  }

  /** Makes a new window ready to be mapped over. */
  adopt(): this {
    binding.adopt(this.whole);
    return this;
  }

  /** Of no use any more but to views: the footer becomes zeroes, as the rest is already, and one area with that. */
  blank(): void {
    binding.blank(this.#footer);
  }

  /** What the binding maps: the capacity, and the footer. */
  get whole(): Uint8Array {
    this.#whole ??= new Uint8Array(this.memory, 0, this.capacity + PAGE);
    return this.#whole;
  }

  /** Whether the window no longer shows the file, or not all of it. */
  get stale(): boolean {
    return this.#footer[0] !== 0;
  }
}

// Not in the types of Node 20, which has it.
const GrowableMemory = SharedArrayBuffer as new (
  byteLength: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;

/** @throws MmapError `ENOMEM` where the address space does not hold it */
function allocate(byteLength: number, path: string): Window {
  try {
    // Growable only in name: memory of this kind is page-aligned and made without touching it.
    return new Window(new GrowableMemory(byteLength, { maxByteLength: byteLength })).adopt();
  } catch (cause) {
    throw hide(systemError(constants.errno.ENOMEM, 'mmap', path), 'cause', asError(cause));
  }
}

const POOLED = 8;
const pool: Window[] = [];
onShortage({ size: () => pool.length, letGo: () => pool.splice(0).length });

/** A window for at least `bytes` bytes. */
export function takeWindow(bytes: number, path: string): Window {
  const byteLength = memoryFor(bytes);
  const found = pool.findIndex(({ memory }) => memory.byteLength === byteLength);
  const window = found < 0 ? undefined : pool.splice(found, 1)[0];
  return window ?? relieved(() => allocate(byteLength, path), true);
}

/** Keeps a window for later if no user has seen it: making one costs more than opening a small file. */
export function returnWindow(window: Window): void {
  if (window.wasExposed) return;
  window.start = 0;
  if (pool.push(window) > POOLED) pool.shift();
}
