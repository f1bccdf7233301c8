import type { Advice, CreateOptions, OffsetArray } from '@fmmap/core';

/**
 * What this example needs of a file, in any flavour: with `await` in front, a method that returns a
 * value and one that returns a promise are used alike.
 */
export interface TextFile {
  readonly length: number;
  readonly isEmpty: boolean;
  bytes(offset: number, length: number): Buffer;
  readUInt8(offset: number): number;
  readUSizeLE(offset: number): number;
  indexesOf(value: number, target: OffsetArray, start: number, end: number): number;
  advise(advice: Advice): void | Promise<void>;
  prefetch(offset?: number, length?: number): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface IndexFile extends TextFile {
  truncate(size: number): void | Promise<void>;
  flush(): void | Promise<void>;
  startFlush(offset: number, length: number): void | Promise<void>;
  freeze(): TextFile | Promise<TextFile>;
}

/** The constructors of a flavour. */
export interface Flavour {
  open(path: string): TextFile | Promise<TextFile>;
  create(path: string, options: CreateOptions): IndexFile | Promise<IndexFile>;
}

const load = {
  sync: async (): Promise<Flavour> => {
    const { MmapFile, MmapFileMut } = await import('@fmmap/core');
    return {
      open: (path) => MmapFile.open(path),
      create: (...args) => MmapFileMut.create(...args),
    };
  },
  node: async () => asyncFlavour(await import('@fmmap/node')),
  worker: async () => asyncFlavour(await import('@fmmap/worker')),
  stream: async () => asyncFlavour(await import('@fmmap/stream')),
};

interface AsyncClasses {
  AsyncMmapFile: { open(path: string): Promise<TextFile> };
  AsyncMmapFileMut: { create(path: string, options: CreateOptions): Promise<IndexFile> };
}

function asyncFlavour({ AsyncMmapFile, AsyncMmapFileMut }: AsyncClasses): Flavour {
  return {
    open: (path) => AsyncMmapFile.open(path),
    create: (...args) => AsyncMmapFileMut.create(...args),
  };
}

export type FlavourName = keyof typeof load;

export const flavourNames = Object.keys(load) as FlavourName[];

export function isFlavour(name: string): name is FlavourName {
  return Object.hasOwn(load, name);
}

export function loadFlavour(name: FlavourName): Promise<Flavour> {
  return load[name]();
}
