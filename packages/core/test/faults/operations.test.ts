import * as fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  MmapFaultError,
  MmapFile,
  MmapFileMut,
  MmapFileReader,
  MmapFileWriter,
} from '../../src/index.js';
import { expectFault, LOST, lose } from '../helpers/faults.js';
import { kinds, read, write } from '../helpers/kinds.js';
import { namesGoAtOnce } from '../helpers/platform.js';
import { gettersOf, methodsOf } from '../helpers/surface.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(3 * PAGE);

/** Documented to work on a faulted file: methods that need none of its memory. */
const GOES_ON = [
  'stat',
  'lock',
  'lockShared',
  'tryLock',
  'tryLockShared',
  'unlock',
  'onFault',
  'reopen',
  'remove',
  'close',
  String(Symbol.dispose),
];

interface Opened {
  readonly file: MmapFile;
  readonly path: string;
  /** Loses what it holds from `size` on. @returns The size of the file after it. */
  lose(size?: number): number;
}

function opened(open: (path: string) => MmapFile, content: Uint8Array = CONTENT): Opened {
  const path = tempFile(content);
  const file = open(path);
  onTestFinished(() => file.close());
  let view = file.asBuffer();
  return {
    file,
    path,
    lose: (size) => {
      if (!file.isFaulted) view = file.asBuffer(); // of what has been mapped since
      return lose(path, view, size);
    },
  };
}

const openings: Record<string, (path: string) => MmapFile> = {
  'MmapFile.open': MmapFile.open,
  'MmapFile.openExec': MmapFile.openExec,
  'MmapFile.open with an offset': (path) => MmapFile.open(path, { offset: 100 }),
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
  'MmapFileMut.openExisting with detachOnClose': (path) =>
    MmapFileMut.openExisting(path, { detachOnClose: true }),
  'MmapFileMut.openCow': MmapFileMut.openCow,
  'MmapFileMut.freeze': (path) => MmapFileMut.openExisting(path).freeze(),
  'MmapFileMut.attach': (path) => {
    const owner = MmapFileMut.openExisting(path);
    onTestFinished(() => owner.close());
    return MmapFileMut.attach(owner.share());
  },
};

/** What is left of the file: nothing, for a mapping that starts there. */
const CUT = 100;

/** How a fault is discovered; each returns its offset. */
const discoveries: Record<string, (file: MmapFile) => number> = {
  'a view': (file) => {
    expect(file.asBuffer()[PAGE + 5]).toBe(0);
    return PAGE + 5;
  },
  'a typed read': (file) => {
    return expectFault(() => file.readUInt8(PAGE + 5), LOST, file.path, PAGE + 5).offset;
  },
  // It asks whether the file has been cut.
  ...(LOST === 'truncated' && {
    checkFault: (file) => expectFault(() => file.checkFault(), LOST, file.path).offset,
  }),
};

describe.each(Object.entries(openings))('after a fault in a file of %s,', (opening, open) => {
  /** The file, and the objects made from it before the fault. */
  function faulted(discover = discoveries['a view']) {
    const { file, path, lose } = opened(open);
    const [atEnd, reader] = [file.reader(), file.reader()];
    atEnd.seek(0, 'end');
    const [lines, chunks] = [reader[Symbol.iterator](), reader.chunks(10)];
    chunks.next();
    const isMutable = file instanceof MmapFileMut;
    const objects: { object: object; type: { prototype: object } }[] = [
      { object: file, type: isMutable ? MmapFileMut : MmapFile },
      { object: reader, type: MmapFileReader },
      { object: atEnd, type: MmapFileReader },
      ...(isMutable ? [{ object: file.writer(), type: MmapFileWriter }] : []),
    ];
    const before = gettersOf(isMutable ? MmapFileMut : MmapFile).map((getter) => ({
      name: getter.name,
      value: getter.use(file),
      use: () => getter.use(file),
    }));
    const size = lose(CUT);
    const offset = discover?.(file) ?? 0;
    expect(file.isFaulted).toBe(true);
    return { file, path, size, offset, objects, before, lines, chunks };
  }

  test.each(Object.entries(discoveries))(
    'found by %s, every method throws MmapFaultError',
    (_name, discover) => {
      const { file, path, size, offset, objects, lines, chunks } = faulted(discover);
      const others: string[] = [];
      let count = 0;
      const expectThrows = (what: string, call: () => unknown) => {
        count += 1;
        let error: unknown = 'nothing';
        try {
          call();
        } catch (caught) {
          error = caught;
        }
        const isRight =
          error instanceof MmapFaultError &&
          error.path === path &&
          error.reason === LOST &&
          error.offset === offset;
        if (!isRight) others.push(`${what} throws ${error}`);
      };
      for (const { object, type } of objects) {
        for (const { name: method, use } of methodsOf(type)) {
          if (GOES_ON.includes(method)) continue;
          expectThrows(`${object.constructor.name}.${method}`, () => use(object));
        }
      }
      expectThrows('the next line', () => lines.next());
      expectThrows('the next chunk', () => chunks.next());
      expect(others).toEqual([]);
      expect(count).toBeGreaterThan(file instanceof MmapFileMut ? 150 : 80);
      expect(file.isFaulted).toBe(true);
      expect(file.isClosed).toBe(false);
      expect(fs.statSync(path).size).toBe(size);
      expectFault(() => file.readUInt8(0), LOST, path, offset);
    },
  );

  test('every getter except isFaulted returns what it did before', () => {
    const { before, file, objects } = faulted();
    for (const { name, value, use } of before) {
      expect(use(), name).toBe(name === 'isFaulted' ? true : value);
    }
    expect(file.length).toBeGreaterThan(0);
    for (const { object, type } of objects) for (const { use } of gettersOf(type)) use(object);
  });

  test('methods that need none of its memory work', () => {
    const worked: string[] = [];
    for (const type of [MmapFile, MmapFileMut]) {
      for (const { name, use } of methodsOf(type)) {
        if (!GOES_ON.includes(name)) continue;
        const { file, path, size } = faulted();
        if (file instanceof MmapFileMut !== (type === MmapFileMut)) {
          file.close();
          continue;
        }
        if (/lock/i.test(name) && name !== 'unlock') file.unlock();
        use(file);
        worked.push(name);
        if (name === 'unlock') expect(file.lockState).toBe('none');
        if (/^(lock|tryLock)$/.test(name)) expect(file.lockState).toBe('exclusive');
        if (/Shared$/.test(name)) expect(file.lockState).toBe('shared');
        if (name === 'stat') expect(file.stat().size).toBe(size);
        const isGone = name === 'remove' && (namesGoAtOnce || !opening.endsWith('attach'));
        expect(fs.existsSync(path)).toBe(!isGone);
        expect(file.isClosed).toBe(['remove', 'close', String(Symbol.dispose)].includes(name));
        expect(file.isFaulted).toBe(name !== 'reopen'); // even when it is closed
        file.close();
      }
    }
    const missing = GOES_ON.filter((name) => !worked.includes(name));
    expect(missing).toEqual(faulted().file instanceof MmapFileMut ? [] : ['remove']);
  });
});

test('a faulted file can be attached to, so that the new handle can reopen it', () => {
  const { file, path, lose } = opened(MmapFileMut.openExisting);
  const token = file.share();
  const size = lose(CUT);
  expect(file.asBuffer()[PAGE]).toBe(0);
  using attached = MmapFile.attach(token);
  expect(attached.isFaulted).toBe(true);
  expectFault(() => attached.readUInt8(0), LOST, path, PAGE);
  attached.reopen();
  for (const each of [attached, file]) {
    expect([each.isFaulted, each.length]).toEqual([false, size]);
    expect(each.copyBytes().equals(CONTENT.subarray(0, size))).toBe(true);
  }
});

test('the first fault is the one that is reported', () => {
  const { file, path, lose } = opened(MmapFileMut.openExisting);
  const view = file.asBuffer();
  for (const size of [2 * PAGE, PAGE, 0]) {
    lose(size);
    expect(view[size + 3]).toBe(0);
  }
  expectFault(() => file.checkFault(), LOST, path, 2 * PAGE + 3);
});

/** A file filled with copies of a value, one of them at `at`. */
function fullOf(value: Uint8Array, at: number): Buffer {
  return Buffer.alloc(3 * PAGE).fill(value, at % value.length);
}

describe.each(kinds)('$suffix', (kind) => {
  const { suffix, size } = kind;
  // Not 0, which a vanished page reads as, nor more than a number can hold.
  const bytes = Buffer.alloc(size, 0x11);
  if (suffix.includes('Size')) bytes[0] = bytes[7] = 0;
  const value = kind.decode(bytes);
  /** In the page that is gone, across its start, and at its end. */
  const places = [2 * PAGE, 2 * PAGE + 8, 3 * PAGE - size].concat(
    Array.from({ length: size - 1 }, (_, before) => 2 * PAGE - 1 - before),
  );
  const fileOf = (open: (path: string) => MmapFileMut, at: number) =>
    opened(open, fullOf(bytes, at)) as Opened & { file: MmapFileMut };

  /** Expects the offset of a byte of the value that is gone, usually the first. */
  function expectAt(call: () => unknown, path: string, at: number) {
    const { offset } = expectFault(call, LOST, path);
    expect(offset).toBeGreaterThanOrEqual(Math.max(at, 2 * PAGE));
    expect(offset).toBeLessThan(at + size);
  }

  // The second end leaves a page whose rest reads as zeroes without a fault.
  test.each([2 * PAGE, PAGE + 10])('is never read from a vanished page, end %i', (end) => {
    for (const at of places) {
      const { file, path, lose } = fileOf(MmapFileMut.openExisting, at);
      expect(read(file, kind, at)).toBe(value);
      lose(end);
      expectAt(() => read(file, kind, at), path, at);
      expectFault(() => read(file, kind, 0), LOST, path);
      file.close();
    }
  });

  test.each(['openExisting', 'openCow'] as const)(
    'is never written to a vanished page, %s',
    (open) => {
      for (const at of places) {
        const { file, path, lose } = fileOf(MmapFileMut[open], at);
        const left = lose(2 * PAGE);
        expectAt(() => write(file, kind, value, at), path, at);
        expectFault(() => write(file, kind, value, 0), LOST, path);
        expect(fs.statSync(path).size).toBe(left);
        file.close();
      }
    },
  );

  test('is never read or written by a reader or writer that gets there', () => {
    const { file, path, lose } = fileOf(MmapFileMut.openExisting, 2 * PAGE);
    const [reader, writer] = [file.reader(2 * PAGE - 16), file.writer(2 * PAGE - 16)];
    lose(2 * PAGE);
    const steps = Math.floor(16 / size);
    for (let step = 0; step < steps; ++step) expect(read(reader, kind)).toBe(value);
    expectAt(() => read(reader, kind), path, 2 * PAGE);
    expect(reader.position).toBe(steps * size);
    file.reopen();
    fs.truncateSync(path, 3 * PAGE);
    file.reopen();
    lose(2 * PAGE);
    for (let step = 0; step < steps; ++step) write(writer, kind, value);
    expectAt(() => write(writer, kind, value), path, 2 * PAGE);
    expect(writer.position).toBe(steps * size);
  });
});

test('the content of a private copy in a vanished page is lost, and the error says so', () => {
  const { file, path, lose } = opened(MmapFileMut.openCow) as Opened & { file: MmapFileMut };
  file.writeAll('private', PAGE);
  expect(file.copyBytes(PAGE, 7).toString()).toBe('private');
  const size = lose(PAGE);
  expectFault(() => file.readUInt8(PAGE), LOST, path, PAGE);
  expectFault(() => file.writeAll('again', PAGE), LOST, path, PAGE);
  expect(fs.readFileSync(path).equals(CONTENT.subarray(0, size))).toBe(true);
});
