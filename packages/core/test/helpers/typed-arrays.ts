export interface NumberArray {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly length: number;
  [index: number]: number | bigint;
}
export type NumberArrayConstructor = typeof Float64Array & {
  new (buffer: ArrayBufferLike, byteOffset: number, length?: number): NumberArray;
};

/** Every typed array constructor of this Node, by its name. */
export const constructors: readonly (readonly [string, NumberArrayConstructor])[] =
  Object.getOwnPropertyNames(globalThis)
    .map((name) => (globalThis as unknown as Record<string, unknown>)[name])
    .filter(
      (type): type is NumberArrayConstructor =>
        typeof type === 'function' &&
        Object.getPrototypeOf(type) === Object.getPrototypeOf(Uint8Array),
    )
    .map((type) => [type.name, type] as const);
