import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { expectFault, LOST, lose } from '../helpers/faults.js';
import { whereWasmMemory } from '../helpers/platform.js';
import { pattern, tempFile } from '../helpers/temp.js';
import { sharedMemory } from '../helpers/wasm.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

function opened<File extends MmapFile>(open: (path: string) => File, content = CONTENT) {
  const path = tempFile(content);
  const file = open(path);
  onTestFinished(() => file.close());
  const view = file.asBuffer();
  return { file, path, lose: (size?: number) => lose(path, view, size) };
}

type Use = (file: MmapFileMut, view: Uint8Array) => unknown;

/** Methods that take bytes from a view. */
const SOURCES: Record<string, Use> = {
  write: (file, view) => file.write(view),
  writeAll: (file, view) => file.writeAll(view),
  writeSome: (file, view) => file.writeSome(view),
  fill: (file, view) => file.fill(view),
  'write of a writer': (file, view) => file.writer().write(view),
  'writeAll of a writer': (file, view) => file.writer().writeAll(view),
  'writeSome of a writer': (file, view) => file.writer().writeSome(view),
  indexOf: (file, view) => file.indexOf(view),
  lastIndexOf: (file, view) => file.lastIndexOf(view),
  includes: (file, view) => file.includes(view),
  'readUntil of a reader': (file, view) => file.reader().readUntil(view),
  'indexesOf of its bytes': (file, view) => file.indexesOf(view, new Float64Array(1)),
  'MmapFile.memory': (_, view) => MmapFile.memory('x', view).close(),
  'MmapFileMut.memory': (_, view) => MmapFileMut.memory('x', view).close(),
};

/** Methods that put bytes into a view. */
const TARGETS: Record<string, Use> = {
  read: (file, view) => file.read(view),
  readExact: (file, view) => file.readExact(view),
  indexesOf: (file, { buffer, byteOffset }) => {
    const whole = Math.ceil(byteOffset / 8) * 8;
    file.indexesOf(file.readUInt8(0), new BigUint64Array(buffer, whole, 1));
  },
  gather: (file, view) => file.gather(view, new Uint32Array(view.length)),
  'read of a reader': (file, view) => file.reader().read(view),
  'readExact of a reader': (file, view) => file.reader().readExact(view),
  'read of a writer': (file, view) => file.writer().read(view),
};

/** Views that a user may make. */
const VIEWS: Record<string, (file: MmapFile) => Uint8Array> = {
  asBuffer: (file) => file.asBuffer(),
  bytes: (file) => file.bytes(PAGE, PAGE + 5),
  'a part': (file) => file.asBuffer().subarray(PAGE + 1, PAGE + 100),
  'an array over its buffer': (file) => {
    const { buffer, byteOffset, length } = file.asBuffer();
    return new Uint8Array(buffer, byteOffset, length);
  },
  // A copy-on-write mapping cannot be put into a WebAssembly memory.
  'an array over a WebAssembly memory': (file) => {
    if (file.isCow) return file.asBuffer();
    const memory = sharedMemory(1);
    const { address, length } = file.mapInto(memory, 5);
    return new Uint8Array(memory.buffer, address, length);
  },
};

describe.each(Object.entries({ ...SOURCES, ...TARGETS }))(
  '%s with a view of another file',
  (_, use) => {
    for (const [name, viewOf] of Object.entries(VIEWS)) {
      const where = name.includes('WebAssembly') ? whereWasmMemory.test : test;
      where(`that is lost throws the fault of that file: ${name}`, () => {
        for (const open of [MmapFileMut.openExisting, MmapFileMut.openCow]) {
          const { file } = opened(MmapFileMut.openExisting);
          const other = opened(open);
          const view = viewOf(other.file);
          other.lose();
          expect(other.file.isFaulted).toBe(false);
          expectFault(() => use(file, view), LOST, other.path);
          expect(other.file.isFaulted).toBe(true);
          expectFault(() => use(file, view), LOST, other.path); // from then on
          file.checkFault();
          expect(file.isFaulted).toBe(false);
          other.file.reopen();
          file.close();
        }
      });

      where(`causes no fault while that file is whole: ${name}`, () => {
        const { file } = opened(MmapFileMut.openExisting);
        const other = opened(MmapFileMut.openExisting);
        use(file, viewOf(other.file));
        for (const it of [file, other.file]) expect(it.isFaulted).toBe(false);
      });
    }

    test('that is lost and closed throws nothing', () => {
      const { file } = opened(MmapFileMut.openExisting);
      const other = opened(MmapFileMut.openExisting);
      const view = other.file.asBuffer();
      other.lose();
      other.file.close();
      use(file, view);
    });
  },
);

test.each(Object.entries(TARGETS))(
  '%s into a view of a read-only file throws a read-only fault',
  (_, use) => {
    const { file } = opened(MmapFileMut.openExisting, Buffer.alloc(3 * PAGE, 7));
    const other = opened(MmapFile.open);
    expectFault(() => use(file, other.file.asBuffer()), 'read-only', other.path);
    expect(fs.readFileSync(other.path).equals(CONTENT)).toBe(true);
    file.checkFault();
  },
);

test.each(Object.entries({ ...SOURCES, ...TARGETS }))(
  '%s with a view of the same file throws its fault, too',
  (_, use) => {
    const { file, path, lose } = opened(MmapFileMut.openExisting);
    const view = file.bytes(PAGE, PAGE);
    lose(PAGE);
    expectFault(() => use(file, view), LOST, path);
  },
);

test.each(Object.entries({ ...SOURCES, ...TARGETS }).filter(([name]) => !name.includes('memory')))(
  '%s of a lost file throws its own fault, whatever view is given',
  (_, use) => {
    const { file, path, lose } = opened(MmapFileMut.openExisting);
    const other = opened(MmapFileMut.openExisting);
    lose();
    expectFault(() => use(file, other.file.asBuffer()), LOST, path);
    other.file.checkFault();
  },
);

test('a view of an attached handle has the fault of its file', () => {
  const { file } = opened(MmapFileMut.openExisting);
  const other = opened(MmapFileMut.openExisting);
  const view = MmapFile.attach(other.file.share()).asBuffer();
  other.lose();
  expectFault(() => file.writeAll(view), LOST, other.path);
  expectFault(() => other.file.readUInt8(0), LOST, other.path);
});
