import { loadPeer } from '../lib/load.mjs';

const fmmap = async () => {
  const { MmapFile } = await import('@fmmap/core');
  const files = new WeakMap();
  return {
    map(path, length, { offset = 0 } = {}) {
      const file = MmapFile.open(path, { offset, length });
      const bytes = length > 0 ? file.asBuffer() : Buffer.alloc(0);
      files.set(bytes, file);
      return bytes;
    },
    unmap: (bytes) => files.get(bytes).close(),
    /** What a method of the file reports afterwards. */
    ask: (bytes) => files.get(bytes).readUInt8(0),
  };
};

const bun = async () => ({
  map: (path, size, { offset = 0 } = {}) =>
    Bun.mmap(path, { shared: true, sync: false, size, offset }),
});

/** A contender by name: `map`, and `unmap` if it has one. */
export function loadContender(name) {
  if (name === 'fmmap') return fmmap();
  return name === 'Bun.mmap' ? bun() : loadPeer(name);
}
