// The view of a file that has several windows: Node 20 has no buffers of more than 4 GiB.
import type { Mapping } from './mapping.js';

const View: new (...args: [ArrayBufferLike, number, number]) => DataView = DataView;

/** A view of the first window, in which an offset in another one is no error, since throwing one takes microseconds. */
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
            return access.call(this.mapping.load(at, size), 0, littleEndian);
          }
        : function (this: FarView, at: number, value: unknown, littleEndian: boolean) {
            if (at + size <= this.byteLength) return access.call(this, at, value, littleEndian);
            access.call(this.mapping.scratch, 0, value, littleEndian);
            this.mapping.store(at, size);
          },
  });
}
