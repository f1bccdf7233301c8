import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapFile, MmapFileMut, type WasmMemory } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { withoutWasmMemory } from '../helpers/platform.js';
import { countMappings } from '../helpers/process.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { over, sharedMemory } from '../helpers/wasm.js';

// What mapInto refuses on all systems, and everything where nothing can be mapped over WebAssembly memory.

const WASM_PAGE = 65536;
const CONTENT = pattern(5 * WASM_PAGE + 123);

function opened<File extends MmapFile>(open: (path: string) => File): File {
  const file = open(tempFile(CONTENT));
  onTestFinished(() => file.close());
  return file;
}

const pagesOf = ({ buffer }: WasmMemory): number => buffer.byteLength / WASM_PAGE;

test('an empty range needs no room', () => {
  const memory = sharedMemory(0, 0);
  const file = opened(MmapFile.open);
  for (const range of [file.mapInto(memory, 5, 0), MmapFile.memory('nothing').mapInto(memory)]) {
    expect({ ...range }).toEqual({ address: 0, length: 0 });
    range.release();
  }
});

describe('mapInto refuses', () => {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (of: object) => WasmMemory; Module: unknown };
  };
  const { Memory } = WebAssembly;
  const notMemories: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    'a number': 5,
    'an object': { buffer: new SharedArrayBuffer(WASM_PAGE), grow: () => 1 },
    'its prototype': Memory.prototype,
    'an object with its prototype': Object.create(Memory.prototype),
    'its buffer': sharedMemory().buffer,
    'a proxy': new Proxy(sharedMemory(), {}),
    'the class': Memory,
  };

  test.each(Object.entries(notMemories))('%s instead of a memory', (_, value) => {
    const file = opened(MmapFile.open);
    expect(thrown(() => file.mapInto(value as WasmMemory))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      argument: 'memory',
    });
  });

  test('a memory that is not shared', () => {
    const memory = new Memory({ initial: 1, maximum: 100 });
    expect(thrown(() => opened(MmapFile.open).mapInto(memory))).toMatchObject({
      name: 'MmapUnsupportedError',
      argument: 'memory',
      message: expect.stringContaining('shared: true'),
    });
    expect(pagesOf(memory)).toBe(1);
  });

  test('a copy-on-write mapping, even when frozen', () => {
    const memory = sharedMemory();
    const file = opened(MmapFileMut.openCow);
    for (const each of [() => file.mapInto(memory), () => file.freeze().mapInto(memory)]) {
      expect(thrown(each)).toMatchObject({ name: 'MmapUnsupportedError', path: file.path });
    }
    expect(pagesOf(memory)).toBe(0);
  });

  withoutWasmMemory.test(
    'every memory that cannot be mapped over, which stays usable, as does the file',
    () => {
      const file = opened(MmapFileMut.openExisting);
      const memory = sharedMemory(1);
      for (let round = 0; round < 3; ++round) {
        const error = thrown(() => file.mapInto(memory, 5, 100));
        expect(error).toMatchObject({ name: 'MmapUnsupportedError', path: file.path });
        expect(error.message).toContain('read()');
      }
      expect(pagesOf(memory)).toBeLessThanOrEqual(2); // a page that was added for it is used again
      expect(over(memory).load(5)).toBe(0);
      file.writeUInt8(99, 5);
      file.truncate(3);
      expect(fs.statSync(file.path).size).toBe(3);
      file.close();
      expect(countMappings(file.path)).toBe(0);
    },
  );
});
