import fc from 'fast-check';
import { expect } from 'vitest';
import { isAdviceSupported, MmapRangeError, MmapUnsupportedError } from '../../src/index.js';
import { write } from './kinds.js';
import { bytes, change, number, PAGE, type Step, size, toBuffer, typed, VIEWS } from './model.js';
import { canExecuteCopies } from './platform.js';

/** Every step that changes a mapping. */
export const changes: fc.Arbitrary<Step>[] = [
  change('writeX', typed, (world, file, { kind, value, at }) => {
    const offset = world.at(at);
    if (!world.fits(offset, kind.size)) {
      expect(() => write(file, kind, value, offset)).toThrow(MmapRangeError);
      return;
    }
    expect(write(file, kind, value, offset)).toBe(offset + kind.size);
    kind.encode(value).copy(world.model, offset);
  }),
  change('write', fc.record({ source: bytes, at: number }), (world, file, { source, at }) => {
    const offset = world.at(at);
    const from = toBuffer(source);
    const room = Math.max(world.model.length - offset, 0);
    expect(file.writeSome(source, offset)).toBe(Math.min(from.length, room));
    if (room > 0) from.copy(world.model, offset);
  }),
  change('writeAll', fc.record({ source: bytes, at: number }), (world, file, { source, at }) => {
    const offset = world.at(at);
    const from = toBuffer(source);
    if (world.fits(offset, from.length)) {
      file.writeAll(source, offset);
      from.copy(world.model, offset);
    } else expect(() => file.writeAll(source, offset)).toThrow(MmapRangeError);
  }),
  change(
    'fill',
    fc.record({ value: fc.oneof(fc.nat(255), bytes), from: number, length: number }),
    (world, file, { value, from, length }) => {
      const start = world.at(from);
      const end = start + (length % (world.model.length + 4));
      const isEmpty = typeof value !== 'number' && value.length === 0;
      if (isEmpty || end > world.model.length) {
        expect(() => file.fill(value, start, end)).toThrow(MmapRangeError);
        return;
      }
      file.fill(value, start, end);
      world.model.fill(value as string, start, end);
    },
  ),
  change('zeroRange', fc.tuple(number, number), (world, file, [from, to]) => {
    const [start = 0, end = 0] = [world.at(from), world.at(to)].sort((a, b) => a - b);
    if (end > world.model.length) {
      expect(() => file.zeroRange(start, end)).toThrow(MmapRangeError);
    } else {
      file.zeroRange(start, end);
      world.model.fill(0, start, end);
    }
  }),
  change('advise remove', fc.tuple(number, number), (world, file, [from, to]) => {
    const [start = 0, end = 0] = [world.at(from), world.at(to)].sort((a, b) => a - b);
    const remove = () => file.advise('remove', start, end - start);
    if (end > world.model.length) expect(remove).toThrow(MmapRangeError);
    else if (file.isCow || !isAdviceSupported('remove')) {
      expect(remove).toThrow(MmapUnsupportedError);
    } else {
      remove();
      const { delta } = file._mapping.windows;
      const first = Math.ceil((delta + start) / PAGE) * PAGE - delta;
      const last = Math.floor((delta + end) / PAGE) * PAGE - delta;
      if (first < last) world.model.fill(0, first, last);
    }
  }),
  change('copyWithin', fc.tuple(number, number, number), (world, file, [to, from, until]) => {
    const [start = 0, end = 0] = [world.at(from), world.at(until)].sort((a, b) => a - b);
    const target = world.at(to);
    if (end > world.model.length || !world.fits(target, end - start)) {
      expect(() => file.copyWithin(target, start, end)).toThrow(MmapRangeError);
    } else {
      file.copyWithin(target, start, end);
      world.model.copyWithin(target, start, end);
    }
  }),
  change('truncate', size, (world, file, length) => {
    const truncate = () => file.truncate(world.subject.offset + length);
    if (file.isCow) {
      expect(truncate).toThrow(MmapUnsupportedError);
      return;
    }
    truncate();
    world.resize(length);
  }),
  change('store through a view', fc.tuple(number, fc.nat(255)), (world, _, [at, value]) => {
    const view = world.views[at % VIEWS];
    const index = view ? at % view.bytes.length : 0;
    if (!view || view.start + index >= world.model.length) return;
    view.bytes[index] = value;
    world.model[view.start + index] = value;
  }),
  change('write a view of itself', fc.tuple(number, number), (world, file, [which, at]) => {
    const offset = world.at(at);
    const view = world.views[which % VIEWS]?.bytes ?? file.asBuffer();
    const shown = Buffer.from(view);
    const room = Math.max(world.model.length - offset, 0);
    expect(file.writeSome(view, offset)).toBe(Math.min(view.length, room));
    if (room > 0) shown.copy(world.model, offset);
  }),
  change('read into a view of itself', fc.tuple(number, number), (world, file, [which, at]) => {
    const { bytes, start } = world.views[which % VIEWS] ?? { bytes: file.asBuffer(), start: 0 };
    if (start + bytes.length > world.model.length) return;
    const offset = world.at(at);
    const there = Buffer.from(world.model.subarray(offset, offset + bytes.length));
    expect(file.read(bytes, offset)).toBe(there.length);
    there.copy(world.model, start);
  }),
  change('store behind the end and grow', fc.nat(PAGE), (world, file, growth) => {
    if (file.isCow || world.hidden.length > 0) return;
    for (const { bytes, start } of world.views) {
      bytes.fill(0xee, Math.min(Math.max(world.model.length - start, 0), bytes.length));
    }
    world.views = []; // in the part that is gone, they show what was stored there
    const length = world.model.length + growth + 1;
    file.truncate(world.subject.offset + length);
    world.resize(length);
  }),
  change(
    'write through a writer',
    fc.record({ at: number, typed, source: bytes }),
    (world, file, drawn) => {
      const offset = Math.min(world.at(drawn.at), world.model.length);
      const writer = file.writer(offset);
      const { kind, value } = drawn.typed;
      const from = toBuffer(drawn.source);
      if (writer.remaining >= kind.size) {
        expect(write(writer, kind, value)).toBe(kind.size);
        kind.encode(value).copy(world.model, offset);
      } else expect(() => write(writer, kind, value)).toThrow(MmapRangeError);
      const { position, remaining } = writer;
      expect(writer.writeSome(drawn.source)).toBe(Math.min(from.length, remaining));
      from.copy(world.model, offset + position);
      writer.flush();
    },
  ),
  change('flush', fc.tuple(number, number, fc.boolean()), (world, file, [at, bytes, wait]) => {
    const offset = Math.min(world.at(at), world.model.length);
    const length = bytes % (world.model.length - offset + 1);
    if (wait) file.flush(offset, length);
    else file.startFlush(offset, length);
    world.subject.expectBehind(world.model, world.hidden);
  }),
  change('freeze', fc.boolean(), (world, file, exec) => {
    if (exec && file.isCow && !file.isEmpty && !canExecuteCopies) {
      expect(() => file.freezeExec()).toThrow(MmapUnsupportedError);
      return;
    }
    world.file = exec ? file.freezeExec() : file.freeze();
    expect(file.isClosed).toBe(true);
    expect(world.file.isExec).toBe(exec);
  }),
];
