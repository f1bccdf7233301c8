// As much of WebAssembly as is used here; in the types of Node it is only a namespace.

interface Memory {
  readonly buffer: ArrayBufferLike;
}

type MemoryClass = new (options: { initial: number; maximum?: number; shared?: boolean }) => Memory;

const { Memory: Class } = (globalThis as unknown as { WebAssembly: { Memory: MemoryClass } })
  .WebAssembly;

export const wasmMemory = (shared: boolean): ArrayBufferLike =>
  new Class({ initial: 1, maximum: 2, shared }).buffer;
