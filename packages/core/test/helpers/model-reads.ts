import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { MmapRangeError } from '../../src/index.js';
import { expectBytes } from './bytes.js';
import { type Kind, kinds, read } from './kinds.js';
import { bytes, number, type Step, step, VIEWS, type World } from './model.js';

/** What a kind reads: the value, or an error if it is a USize that exceeds a safe integer. */
function expectRead(from: object, kind: Kind, held: Buffer, ...args: number[]): boolean {
  const value = kind.decode(held);
  const isExact = !kind.suffix.includes('Size') || Number.isSafeInteger(value);
  if (isExact) expect(read(from, kind, ...args)).toEqual(value);
  else expect(() => read(from, kind, ...args)).toThrow(MmapRangeError);
  return isExact;
}

const kind = fc.constantFrom(...kinds);

/** Something to search for, often a part of the content. */
const needle = fc.oneof(
  bytes,
  fc.nat(255),
  fc.record({ at: number, length: fc.integer({ min: 1, max: 9 }) }),
);

function needleIn(world: World, drawn: typeof needle extends fc.Arbitrary<infer T> ? T : never) {
  if (typeof drawn !== 'object' || drawn instanceof Uint8Array) return drawn;
  const at = world.at(drawn.at);
  return world.model.subarray(at, at + drawn.length);
}

/** Every step that leaves the content of a mapping unchanged. */
export const reads: fc.Arbitrary<Step>[] = [
  step('readX', fc.record({ kind, at: number }), (world, { kind, at }) => {
    const offset = world.at(at);
    if (world.fits(offset, kind.size)) {
      expectRead(world.file, kind, world.model.subarray(offset, offset + kind.size), offset);
    } else expect(() => read(world.file, kind, offset)).toThrow(MmapRangeError);
  }),
  step('read', fc.record({ at: number, length: number }), (world, { at, length }) => {
    const offset = world.at(at);
    const target = Buffer.alloc(length % 9000, 0x55);
    const expected = Buffer.from(target);
    const there = world.model.subarray(offset, offset + target.length);
    expected.set(there);
    expect(world.file.read(target, offset)).toBe(there.length);
    expectBytes(target, expected);
  }),
  step('readExact', fc.record({ at: number, length: fc.nat(50) }), (world, { at, length }) => {
    const offset = world.at(at);
    const target = Buffer.alloc(length, 0x55);
    const readExact = () => world.file.readExact(target, offset);
    if (!world.fits(offset, length)) {
      expect(readExact).toThrow(MmapRangeError);
      expectBytes(target, Buffer.alloc(length, 0x55));
      return;
    }
    readExact();
    expectBytes(target, world.model.subarray(offset, offset + length));
  }),
  step('copyBytes', fc.tuple(number, number), (world, [at, bytes]) => {
    const offset = world.at(at);
    const length = world.at(bytes);
    const copyBytes = () => world.file.copyBytes(offset, length);
    if (world.fits(offset, length)) {
      expectBytes(copyBytes(), world.model.subarray(offset, offset + length));
    } else expect(copyBytes).toThrow(MmapRangeError);
  }),
  step('bytes', fc.tuple(number, number), (world, [at, bytes]) => {
    const start = world.at(at);
    const length = bytes % (world.model.length - Math.min(start, world.model.length) + 2);
    if (!world.fits(start, length)) {
      expect(() => world.file.bytes(start, length)).toThrow(MmapRangeError);
      return;
    }
    world.views.unshift({ bytes: world.file.bytes(start, length), start });
    world.views.length = Math.min(world.views.length, VIEWS);
  }),
  step('asBuffer', fc.constant(undefined), (world) => {
    world.views.unshift({ bytes: world.file.asBuffer(), start: 0 });
    world.views.length = Math.min(world.views.length, VIEWS);
  }),
  step('search', fc.record({ needle, at: number }), (world, drawn) => {
    const { file, model } = world;
    const value = needleIn(world, drawn.needle);
    const offset = world.at(drawn.at);
    expect(file.indexOf(value)).toBe(model.indexOf(value as string));
    expect(file.indexOf(value, offset)).toBe(model.indexOf(value as string, offset));
    expect(file.lastIndexOf(value)).toBe(model.lastIndexOf(value as string));
    expect(file.lastIndexOf(value, offset)).toBe(model.lastIndexOf(value as string, offset));
    expect(file.includes(value, offset)).toBe(model.includes(value as string, offset));
  }),
  step(
    'read with a reader',
    fc.record({ at: number, length: number, kind, count: fc.nat(30) }),
    (world, { at, length, kind, count }) => {
      const offset = Math.min(world.at(at), world.model.length);
      const part = world.model.subarray(offset);
      const held = part.subarray(0, length % (part.length + 1));
      const reader = world.file.reader(offset, held.length);
      const [line = ''] = held.toString('latin1').split('\n', 1);
      if (held.length === 0) expect(reader.readLine()).toBeNull();
      else {
        const text = held.subarray(0, line.length).toString();
        const ended = line.length < held.length;
        expect(reader.readLine()).toBe(ended ? text.replace(/\r$/, '') : text);
        expect(reader.position).toBe(line.length + (ended ? 1 : 0));
      }
      const target = Buffer.alloc(count);
      const from = reader.position;
      expect(reader.read(target)).toBe(Math.min(count, held.length - from));
      expectBytes(target.subarray(0, reader.position - from), held.subarray(from, from + count));
      const before = reader.position;
      const next = held.subarray(before, before + kind.size);
      if (next.length < kind.size) expect(() => read(reader, kind)).toThrow(MmapRangeError);
      const moves = next.length === kind.size && expectRead(reader, kind, next);
      expect(reader.position).toBe(before + (moves ? kind.size : 0));
      expectBytes(reader.peek(count), held.subarray(reader.position, reader.position + count));
    },
  ),
  step('writeToNewFile', fc.tuple(fc.nat(9999), number), (world, [name, at]) => {
    const offset = Math.min(world.at(at), world.model.length);
    const path = join(world.directory, `copy${name}`);
    world.file.writeToNewFile(path, offset);
    expectBytes(fs.readFileSync(path), world.model.subarray(offset));
    world.file.writeToNewFile(path, 0, offset, { replace: true });
    expectBytes(fs.readFileSync(path), world.model.subarray(0, offset));
    fs.rmSync(path);
  }),
  step('reopen', fc.boolean(), (world, readOnly) => world.reopen(readOnly)),
];
