// The view of a file that has several windows: Node 20 has no buffers of more than 4 GiB.
import type { Mapping } from './mapping.js';

/** The types of DataView's constructor do not accept any memory. */
const View: new (...args: [ArrayBufferLike, number, number]) => DataView = DataView;

/** Has the caller start over without the view: the other part of its number would come from windows that are gone. */
const MOVED = new Error('the mapping has other windows now');

/** A view of the first window that also accepts offsets in the others: an exception for each would cost microseconds. */
export class FarView extends View {
  readonly mapping: Mapping;

  constructor(mapping: Mapping, first: DataView) {
    super(first.buffer, first.byteOffset, first.byteLength);
    this.mapping = mapping;
  }
}

for (const name of Reflect.ownKeys(DataView.prototype)) {
  const [, kind, bits] = /^([gs]et)\D+(\d+)$/.exec(String(name)) ?? [];
  if (!bits) continue;
  const size = Number(bits) / 8;
  const { value: access } = Object.getOwnPropertyDescriptor(DataView.prototype, name) ?? {};
  Object.defineProperty(FarView.prototype, name, {
    value:
      kind === 'get'
        ? function (this: FarView, at: number, littleEndian: boolean) {
            if (at + size <= this.byteLength) return access.call(this, at, littleEndian);
            const bytes = this.mapping.load(at, size);
            if (this.mapping.view !== this) throw MOVED;
            return access.call(bytes, 0, littleEndian);
          }
        : function (this: FarView, at: number, value: unknown, littleEndian: boolean) {
            if (at + size <= this.byteLength) return access.call(this, at, value, littleEndian);
            access.call(this.mapping.scratch, 0, value, littleEndian);
            this.mapping.store(at, size);
            if (this.mapping.view !== this) throw MOVED;
          },
  });
}
