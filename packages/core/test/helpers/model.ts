import fc from 'fast-check';
import { expect } from 'vitest';
import { type MmapFile, MmapFileMut } from '../../src/index.js';
import { expectBytes } from './bytes.js';
import { anyValue, kinds } from './kinds.js';
import type { Subject } from './variants.js';

export const PAGE = 4096;

/** How many views a world keeps track of. */
export const VIEWS = 4;

/** A mapping, and the plain Buffer that it must equal. */
export class World {
  readonly subject: Subject;
  readonly directory: string;
  file: MmapFile | MmapFileMut;
  model: Buffer;
  hidden: Buffer;
  /** Views that were handed out, and where each of them starts. */
  views: { bytes: Buffer; start: number }[] = [];

  constructor(subject: Subject, content: Buffer, directory: string) {
    this.subject = subject;
    this.directory = directory;
    this.file = subject.file;
    this.model = Buffer.from(content);
    this.hidden = subject.hidden;
  }

  /** The file, unless it has become read-only. */
  get writable(): MmapFileMut | undefined {
    return this.file instanceof MmapFileMut ? this.file : undefined;
  }

  /** Turns any number into an offset that is in range, or a few bytes past the end. */
  at(number: number): number {
    return number % (this.model.length + 4);
  }

  fits(offset: number, length: number): boolean {
    return offset + length <= this.model.length;
  }

  resize(length: number): void {
    const all = Buffer.concat([this.model, this.hidden]).subarray(0, length);
    this.model = Buffer.concat([all, Buffer.alloc(length - all.length)]);
    this.hidden = Buffer.alloc(0);
  }

  reopen(readOnly: boolean): void {
    this.file.close();
    for (const { bytes } of this.views) expectBytes(bytes, Buffer.alloc(bytes.length));
    this.views = [];
    this.subject.expectBehind(this.model, this.hidden);
    this.model = Buffer.from(this.subject.contentAfterClose(this.model));
    this.file = this.subject.reopen(this.model, readOnly);
  }

  /** Everything that must hold after every step. */
  check(): void {
    expect(this.file.length).toBe(this.model.length);
    expectBytes(this.file.copyBytes(), this.model);
    for (const { bytes, start } of this.views) {
      const shown = Buffer.alloc(bytes.length);
      shown.set(this.model.subarray(start, start + bytes.length));
      expectBytes(bytes, shown);
    }
  }

  finish(): void {
    this.subject.expectBehind(this.model, this.hidden);
    this.file.close();
    this.subject.expectBehind(this.model, this.hidden);
  }
}

export interface Step {
  run(world: World): void;
}

/** A kind of step: its values, and what it does to both sides. */
export function step<T>(
  name: string,
  values: fc.Arbitrary<T>,
  run: (world: World, values: T) => void,
): fc.Arbitrary<Step> {
  return values.map((drawn) => ({
    run: (world) => run(world, drawn),
    [fc.toStringMethod]: () => `${name}(${fc.stringify(drawn)})`,
  }));
}

/** A step that needs a writable mapping. */
export function change<T>(
  name: string,
  values: fc.Arbitrary<T>,
  run: (world: World, file: MmapFileMut, values: T) => void,
): fc.Arbitrary<Step> {
  return step(name, values, (world, drawn) => {
    if (world.writable) run(world, world.writable, drawn);
  });
}

/** Any number, for {@link World.at} and the like. */
export const number: fc.Arbitrary<number> = fc.nat(2 ** 30);
export const bytes: fc.Arbitrary<Uint8Array | string> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('ab', '\r\n', 'a\nb\n', new Uint8Array(PAGE + 1).fill(0x61)),
);
export const toBuffer = (source: Uint8Array | string): Buffer => Buffer.from(source as string);
export const typed = fc
  .constantFrom(...kinds)
  .chain((kind) => fc.record({ kind: fc.constant(kind), value: anyValue(kind), at: number }));
export const size: fc.Arbitrary<number> = fc.oneof(
  fc.nat(5 * PAGE),
  fc.constantFrom(0, 1, PAGE, 2 * PAGE),
);
