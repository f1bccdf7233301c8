import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  MmapClosedError,
  MmapFile,
  MmapFileMut,
  MmapFileReader,
  MmapFileWriter,
} from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { makeResizable, resizableKinds } from '../helpers/resizable.js';
import { gettersOf, methodsOf } from '../helpers/surface.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE + 7);

/** Documented to do nothing on a closed handle. */
const HARMLESS = ['close', String(Symbol.dispose)];

/** Each kind of handle, and the ways in which it comes to its end. */
const ends: Record<string, { open: (path: string) => MmapFile; end: (file: never) => unknown }> = {
  'MmapFile.open and close': {
    open: MmapFile.open,
    end: (file: MmapFile) => file.close(),
  },
  'MmapFile.open and Symbol.dispose': {
    open: MmapFile.open,
    end: (file: MmapFile) => file[Symbol.dispose](),
  },
  'MmapFile.openExec and close': {
    open: MmapFile.openExec,
    end: (file: MmapFile) => file.close(),
  },
  'MmapFile.memory and close': {
    open: (path) => MmapFile.memory(path, CONTENT),
    end: (file: MmapFile) => file.close(),
  },
  'MmapFile of nothing and close': {
    open: (path) => MmapFile.memory(path),
    end: (file: MmapFile) => file.close(),
  },
  'MmapFileMut.openExisting and close': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file.close(),
  },
  'MmapFileMut.openExisting with detachOnClose and close': {
    open: (path) => MmapFileMut.openExisting(path, { detachOnClose: true }),
    end: (file: MmapFileMut) => file.close(),
  },
  'MmapFileMut.openExisting and Symbol.dispose': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file[Symbol.dispose](),
  },
  'MmapFileMut.openExisting, removeOnDispose and Symbol.dispose': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => {
      file.removeOnDispose = true;
      file[Symbol.dispose]();
    },
  },
  'MmapFileMut.openExisting and remove': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file.remove(),
  },
  'MmapFileMut.openExisting and closeWithTruncate': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file.closeWithTruncate(10),
  },
  'MmapFileMut.openExisting and freeze': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file.freeze(),
  },
  'MmapFileMut.openExisting and freezeExec': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file.freezeExec(),
  },
  'MmapFileMut.openExisting, freeze and close of the frozen file': {
    open: MmapFileMut.openExisting,
    end: (file: MmapFileMut) => file.freeze().close(),
  },
  'MmapFileMut.openCow and close': {
    open: MmapFileMut.openCow,
    end: (file: MmapFileMut) => file.close(),
  },
  'MmapFileMut.memory and remove': {
    open: (path) => MmapFileMut.memory(path, CONTENT),
    end: (file: MmapFileMut) => file.remove(),
  },
  'MmapFileMut.anonymous and close': {
    open: () => MmapFileMut.anonymous(PAGE),
    end: (file: MmapFileMut) => file.close(),
  },
  'MmapFileMut.attach and close of the file that it is attached to': {
    open: (path) => {
      const owner = MmapFileMut.openExisting(path);
      onTestFinished(() => owner.close());
      return Object.assign(MmapFileMut.attach(owner.share()), { owner });
    },
    end: (file: MmapFileMut & { owner: MmapFileMut }) => file.owner.close(),
  },
  'MmapFileMut.attach and close': {
    open: (path) => {
      const owner = MmapFileMut.openExisting(path);
      onTestFinished(() => owner.close());
      return MmapFileMut.attach(owner.share());
    },
    end: (file: MmapFileMut) => file.close(),
  },
};

describe.each(Object.entries(ends))('after %s', (_, { open, end }) => {
  /** The closed handle, and the objects that were made from it before. */
  function ended() {
    const file = open(tempFile(CONTENT));
    const isMutable = file instanceof MmapFileMut;
    const atEnd = file.reader();
    atEnd.seek(0, 'end');
    const objects: { object: object; type: { prototype: object } }[] = [
      { object: file, type: isMutable ? MmapFileMut : MmapFile },
      { object: file.reader(), type: MmapFileReader },
      { object: atEnd, type: MmapFileReader },
    ];
    if (isMutable) {
      const full = file.writer();
      full.seek(0, 'end');
      objects.push({ object: file.writer(), type: MmapFileWriter });
      objects.push({ object: full, type: MmapFileWriter });
    }
    const result = end(file as never);
    onTestFinished(() => {
      if (result instanceof MmapFile) result.close();
    });
    return { file, objects };
  }

  test('every method of the file, its readers and its writers throws MmapClosedError', () => {
    const { file, objects } = ended();
    const others: string[] = [];
    let count = 0;
    for (const { object, type } of objects) {
      for (const { name, use } of methodsOf(type)) {
        if (HARMLESS.includes(name)) continue;
        count += 1;
        let error: unknown = 'nothing';
        try {
          use(object);
        } catch (caught) {
          error = caught;
        }
        const isRight =
          error instanceof MmapClosedError &&
          error.name === 'MmapClosedError' &&
          error.code === 'ERR_MMAP_CLOSED' &&
          error.message.includes(`'${file.path}'`);
        if (!isRight) others.push(`${object.constructor.name}.${name} throws ${error}`);
      }
    }
    expect(others).toEqual([]);
    expect(count).toBeGreaterThan(file instanceof MmapFileMut ? 150 : 80);
  });

  test('no getter throws, and all report a closed file', () => {
    const { file, objects } = ended();
    for (const { object, type } of objects) for (const { use } of gettersOf(type)) use(object);
    expect(file).toMatchObject({
      isClosed: true,
      isEmpty: true,
      isPoisoned: false,
      length: 0,
      lockState: 'none',
    });
  });

  test('closing it again does nothing, however often', () => {
    const { file } = ended();
    file.close();
    file[Symbol.dispose]();
    file.close();
    expect(file.isClosed).toBe(true);
  });
});

describe.each(resizableKinds)('after close, views of %s', (name) => {
  const isDetached = name.includes('detachOnClose');

  test('read zeroes and discard writes, or are detached with detachOnClose', () => {
    const { file, onDisk, resize } = makeResizable(name, CONTENT);
    const views: Uint8Array[] = [file.asBuffer(), file.bytes(PAGE - 1, 9)];
    const { buffer, byteOffset, length } = file.asBuffer();
    views.push(new Uint8Array(buffer, byteOffset, length), file.asBuffer().subarray(5, 6));
    for (const size of [1 << 20, 100, 8 << 20, CONTENT.length]) {
      resize(size);
      views.push(file.asBuffer());
    }
    const lengths = views.map((view) => view.length);
    const before = onDisk();
    file.close();
    for (const [index, view] of views.entries()) {
      expect(view.byteLength).toBe(isDetached ? 0 : lengths[index]);
      expect(Array.prototype.every.call(view, (byte) => byte === 0)).toBe(true);
    }
    for (const view of views) for (let at = 0; at < CONTENT.length; at += 100) view[at] = 0xff;
    if (name.startsWith('a file')) expect(onDisk().equals(before)).toBe(true);
  });

  test('show nothing of files that are opened later', () => {
    const { file } = makeResizable(name, CONTENT);
    const view = file.asBuffer();
    file.close();
    const path = tempFile(Buffer.alloc(CONTENT.length, 0x77));
    const others = Array.from({ length: 20 }, () => MmapFile.open(path));
    for (let at = 0; at < CONTENT.length; ++at) view[at] = 0x99;
    for (const other of others) {
      expect(Array.prototype.includes.call(view, 0x77)).toBe(false);
      expect(other.indexOf(0x99)).toBe(-1);
      other.close();
    }
  });
});

describe('`using`', () => {
  test('closes at the end of the block', () => {
    const path = tempFile(CONTENT);
    let outside: MmapFileMut;
    {
      using file = MmapFileMut.openExisting(path);
      outside = file;
      expect(file.isClosed).toBe(false);
    }
    expect(outside.isClosed).toBe(true);
    MmapFileMut.openExisting(path).close();
  });

  test('closes when the block throws, and passes the error on', () => {
    const path = tempFile(CONTENT);
    const error = thrown(() => {
      using _file = MmapFileMut.openExisting(path);
      throw new Error('of the block');
    });
    expect(error.message).toBe('of the block');
    MmapFileMut.openExisting(path).close();
  });
});

test('closeWithTruncate leaves the file at the requested size', () => {
  for (const size of [0, 10, PAGE, CONTENT.length, CONTENT.length + 5 * PAGE]) {
    const path = tempFile(CONTENT);
    MmapFileMut.openExisting(path).closeWithTruncate(size);
    const expected = Buffer.concat([CONTENT.subarray(0, size)], size);
    expect(fs.readFileSync(path).equals(expected)).toBe(true);
  }
});

test('closeWithTruncate leaves the file open and unchanged if it cannot truncate', () => {
  const path = tempFile(CONTENT);
  using file = MmapFileMut.openExisting(path, { offset: PAGE });
  expect(thrown(() => file.closeWithTruncate(10)).name).toBe('MmapRangeError');
  expect(file.isClosed).toBe(false);
  expect(file.copyBytes().equals(CONTENT.subarray(PAGE))).toBe(true);
  expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
});
