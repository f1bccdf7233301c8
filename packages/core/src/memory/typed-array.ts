// Typed arrays over a range of a mapping.
import { types } from 'node:util';
import { checkSize } from '../arguments/range.js';
import { MmapRangeError, MmapUnsupportedError, typeError } from '../errors.js';
import { process } from '../host.js';
import type { Mapping } from '../mapping/mapping.js';
import { isBigEndian } from './endianness.js';

/** A typed array constructor, such as `Float64Array`. */
export interface TypedArrayConstructor {
  /** Creates an array over a part of a buffer: offset in bytes, length in elements. */
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): object;
  /** Size of an element, in bytes. */
  readonly BYTES_PER_ELEMENT: number;
  /** Identifies the kind of array. */
  readonly prototype: {
    readonly [Symbol.toStringTag]: string;
    readonly buffer: ArrayBufferLike;
    readonly length: number;
  };
}

/** The typed arrays, over one kind of memory, that every TypeScript version knows. */
type TypedArrays<Memory extends ArrayBufferLike> =
  | Int8Array<Memory>
  | Uint8Array<Memory>
  | Uint8ClampedArray<Memory>
  | Int16Array<Memory>
  | Uint16Array<Memory>
  | Int32Array<Memory>
  | Uint32Array<Memory>
  | Float32Array<Memory>
  | Float64Array<Memory>
  | BigInt64Array<Memory>
  | BigUint64Array<Memory>;

/** The array that a typed array constructor creates over one kind of memory. */
export type TypedArrayOf<
  Type extends TypedArrayConstructor,
  Memory extends ArrayBufferLike,
> = Type['prototype'][typeof Symbol.toStringTag] extends TypedArrays<Memory>[typeof Symbol.toStringTag]
  ? Extract<TypedArrays<Memory>, Pick<Type['prototype'], typeof Symbol.toStringTag>>
  : Type['prototype'] & { readonly buffer: Memory };

/** A typed array over a range of a mapping; see `FileReads.array`. */
export function arrayOver(
  mapping: Mapping,
  type: TypedArrayConstructor,
  offset = 0,
  length?: number,
): object {
  const size = sizeOf(type);
  checkSize(offset, 'offset', mapping.most());
  if (length !== undefined) checkSize(length, 'length', Math.floor(mapping.most(offset) / size));
  if (size > 1 && isBigEndian()) {
    throw new MmapUnsupportedError(
      `${type.name} has the byte order of the machine, and here on ${process.arch} that is big-endian; read with a DataView, or with methods such as readDoubleLE`,
      { argument: 'type', path: mapping.path },
    );
  }
  const rest = mapping.resolve(offset, undefined);
  const most = Math.floor(rest / size);
  if (length !== undefined && length > most) {
    mapping.requireUsable();
    throw new MmapRangeError(
      `"length" ${length} is past the end: from "offset" ${offset} on the mapping has ${most} elements of ${size} bytes`,
      { argument: 'length', path: mapping.path },
    );
  }
  if (length === undefined && rest % size !== 0) {
    throw new MmapRangeError(
      `"length" is needed, because the ${rest} bytes from "offset" ${offset} on are not a whole number of elements of ${size} bytes: ${most}, or fewer`,
      { argument: 'length', path: mapping.path },
    );
  }
  const odd = (mapping.windows.delta + offset) % size; // windows are page-aligned
  if (odd !== 0) {
    throw new MmapRangeError(
      `"offset" ${offset} is ${odd} bytes past a multiple of ${size} in memory, where ${type.name} needs one: the next is ${offset - odd + size}; for other offsets there are a DataView, and methods such as readDoubleLE`,
      { argument: 'offset', path: mapping.path },
    );
  }
  const count = length ?? most;
  const view = mapping.bytes(offset, count * size);
  const array = new type(view.buffer as ArrayBuffer, view.byteOffset, count);
  if (types.isTypedArray(array) && array.byteLength === view.length) return array;
  throw refused(type); // it only looked like one
}

const isDataView = (type: unknown): boolean =>
  typeof type === 'function' && type.name === 'DataView';

/**
 * The element size in bytes: an own property of typed array constructors of any realm; subclasses only inherit it. Bun's
 * engine gives one to DataView, too.
 */
function sizeOf(type: TypedArrayConstructor): number {
  const size: unknown =
    typeof type === 'function' && !isDataView(type)
      ? Object.getOwnPropertyDescriptor(type, 'BYTES_PER_ELEMENT')?.value
      : undefined;
  if (size === 1 || size === 2 || size === 4 || size === 8) return size;
  throw refused(type);
}

function refused(type: unknown): TypeError {
  const instead = isDataView(type)
    ? ' (of what bytes() returns: new DataView(buffer, byteOffset, length))'
    : '';
  return typeError(
    'type',
    `the constructor of a typed array, such as Float64Array${instead}`,
    type,
  );
}
