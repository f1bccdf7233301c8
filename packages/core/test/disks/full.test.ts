import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { FAULTS, faultError, inPages } from '../helpers/faults.js';
import { makeDisk } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import { onTmpfs } from '../helpers/strace.js';
import { tempDir } from '../helpers/temp.js';

const PAGE = 4096;
/** Pages for which there is room. */
const ROOM = 64;
const SIZE = 2 * ROOM * PAGE;

/** Of which the child, in `directory`, gets `file.bin` to work with and may not use more. */
const DISKS = {
  tmpfs: () => {
    const directory = tempDir();
    return { directory, through: onTmpfs(directory, 'size=1m') };
  },
  ext4: () => ({ directory: makeDisk('ext4', 8 << 20).directory, through: [] }),
};

const TOOLS = `
  ${FAULTS}
  const PAGE = ${PAGE}, ROOM = ${ROOM}, SIZE = ${SIZE};
  const [directory] = args;
  const [path, ballast] = ['file.bin', 'ballast'].map((name) => require('node:path').join(directory, name));
  // Fills the disk in small pieces, and what the file system keeps back for its own use, too.
  const fillUp = () => {
    const fd = fs.openSync(ballast, 'a');
    for (const bytes of [PAGE, PAGE, 1]) {
      const error = faultOf(() => { for (;;) if (fs.writeSync(fd, Buffer.alloc(bytes, 'b')) < bytes) break; });
      if (error !== 'no error' && error.code !== 'ENOSPC') throw new Error(JSON.stringify(error));
      fs.fsyncSync(fd);
    }
    fs.closeSync(fd);
  };
  /** Leaves room for so many pages. */
  const leave = (pages) => { fillUp(); fs.truncateSync(ballast, fs.statSync(ballast).size - pages * PAGE); };
  const makeRoom = () => fs.rmSync(ballast);
  const isFilled = (bytes, value) => bytes.every((byte) => byte === value);
`;

/** A file of ten pages, of which only the second is more than a hole. */
const SPARSE = `
  fs.writeFileSync(path, '');
  fs.truncateSync(path, 10 * PAGE);
  const only = fs.openSync(path, 'r+');
  fs.writeSync(only, Buffer.alloc(PAGE, 1), 0, PAGE, PAGE);
  fs.fsyncSync(only);
  fs.closeSync(only);
  const look = () => {
    const content = fs.readFileSync(path);
    const others = Buffer.concat([content.subarray(0, PAGE), content.subarray(2 * PAGE)]);
    return [content.length, isFilled(content.subarray(PAGE, 2 * PAGE), 1), isFilled(others, 0)];
  };
`;
const AS_IT_WAS = [10 * PAGE, true, true];

const noSpace = (path: string) =>
  expect.objectContaining({
    name: 'MmapError',
    code: 'ENOSPC',
    errno: -28,
    syscall: 'posix_fallocate',
    path,
    message: expect.stringContaining(path),
  });

/** One page after the other, until there is no room for one. */
const STORES: Record<string, string> = {
  'typed writes': 'file.writeUInt32LE(0x01010101, at); file.fill(1, at + 4, at + PAGE)',
  'typed writes across two pages':
    'file.writeBigUInt64LE(0x0101010101010101n, Math.max(at - 4, 0)); file.fill(1, at, at + PAGE)',
  writeAll: 'file.writeAll(ones, at)',
  write: 'file.write(ones, at)',
  fill: 'file.fill(1, at, at + PAGE)',
  copyWithin: 'at === 0 ? file.fill(1, 0, PAGE) : file.copyWithin(at, at - PAGE, at)',
  'a writer': 'writer.writeAll(ones)',
  'a view': 'view.fill(1, at, at + PAGE); file.checkFault()',
  'a typed array':
    'new Uint32Array(view.buffer, view.byteOffset + at, PAGE / 4).fill(0x01010101); file.checkFault()',
  Atomics: 'Atomics.store(view, at, 1); file.checkFault(); view.fill(1, at, at + PAGE)',
  'a copy by Node': 'ones.copy(view, at); file.checkFault()',
};

/** More than there is room for, in whatever order. */
const FLOODS: Record<string, string> = {
  fill: 'file.fill(1)',
  'fill with text': 'file.fill("abc")',
  writeAll: 'file.writeAll(Buffer.alloc(SIZE, 1))',
  'a view': 'view.fill(1); file.checkFault()',
  'a view filled with text': 'view.fill("abc"); file.checkFault()',
  'a typed array that is sorted':
    'new Float64Array(view.buffer, 0, SIZE / 8).fill(1).sort(); file.checkFault()',
  crypto: 'require("node:crypto").randomFillSync(view); file.checkFault()',
  'from the end': 'for (let at = SIZE - 1; at >= 0; --at) file.writeUInt8(1, at)',
};

describe.each(['tmpfs', 'ext4'] as const)('on a full disk, %s,', (type) => {
  const when = test.runIf(type === 'tmpfs' || canMount('mount', 'mkfs.ext4'));

  /** Has a child work with `path`, on a disk of its own. */
  async function hearOf(source: string): Promise<{ said: unknown[]; path: string }> {
    const { directory, through } = DISKS[type]();
    const said = await hear(`${TOOLS}${source}`, { args: [directory], through });
    return { said, path: join(directory, 'file.bin') };
  }

  /** A disk may find a block or two that its own bookkeeping had taken; memory is exact. */
  function expectEnd(offset: number): void {
    const slack = type === 'tmpfs' ? 0 : 4;
    expect(Math.abs(offset / PAGE - ROOM)).toBeLessThanOrEqual(slack);
  }

  when.each(Object.entries(STORES))(
    'a store is a fault where the room ends: %s',
    async (_, store) => {
      const { said, path } = await hearOf(`
      const file = MmapFileMut.create(path, { maxSize: SIZE });
      file.flush();
      leave(ROOM);
      const [view, ones, writer] = [file.asBuffer(), Buffer.alloc(PAGE, 1), file.writer()];
      let at = 0;
      const first = faultOf(() => { for (; at < SIZE; at += PAGE) { ${store}; } });
      say(at);
      say(first);
      for (const call of [
        () => file.readUInt8(0), () => file.writeUInt8(1, 0), () => file.asBuffer(), () => file.flush(),
        () => file.copyBytes(), () => file.truncate(SIZE), () => file.checkFault(), () => writer.writeUInt8(1),
      ]) say(faultOf(call));
      say([file.isFaulted, file.stat().size]);
      // What was stored before is in the file, the rest is a hole.
      const content = fs.readFileSync(path);
      say([isFilled(content.subarray(0, at), 1), isFilled(content.subarray(at), 0), content.length]);
      makeRoom();
      file.reopen();
      file.fill(1, at);
      file.flush();
      say([file.isFaulted, isFilled(fs.readFileSync(path), 1), isFilled(view, 1)]);
      file.close();`);
      const [at] = said.splice(0, 1) as [number];
      expectEnd(at);
      expect(said.splice(0, 9)).toEqual(Array(9).fill(faultError('no-space', inPages(at), path)));
      expect(said).toEqual([
        [true, SIZE],
        [true, true, SIZE],
        [false, true, true],
      ]);
    },
  );

  when.each(Object.entries(FLOODS))('a flood is a fault: %s', async (_, flood) => {
    const { said, path } = await hearOf(`
      const file = MmapFileMut.create(path, { maxSize: SIZE });
      file.flush();
      leave(ROOM);
      const view = file.asBuffer();
      say(faultOf(() => { ${flood}; }));
      say(faultOf(() => file.readUInt8(0)));
      say(fs.statSync(path).blocks * 512);
      makeRoom();
      file.reopen();
      view.fill(2);
      file.flush();
      say(isFilled(fs.readFileSync(path), 2));
      file.remove();`);
    const [error, later, stored, isBack] = said as [unknown, unknown, number, unknown];
    expect(error).toEqual(faultError('no-space', inPages(0, SIZE - 1), path));
    expect([later, isBack]).toEqual([error, true]);
    expectEnd(stored); // all that there was room for, wherever it lies in the file
  });

  when.each([
    ['readable', 'MmapFile.open'],
    ['writable', 'MmapFileMut.openExisting'],
    ['private', 'MmapFileMut.openCow'],
  ])('a load from a hole of a %s file never ends the process', async (_, open) => {
    const { said, path } = await hearOf(`${SPARSE}
      const file = ${open}(path);
      fillUp();
      say(faultOf(() => { for (let at = 5; at < file.length; at += PAGE) file.readUInt8(at); }));
      makeRoom();
      file.reopen();
      say([file.readUInt8(5), file.readUInt8(PAGE)]);
      file.close();`);
    // A hole takes room in memory when it is read, and memory is what this file system is made of.
    const found = type === 'tmpfs' ? faultError('no-space', 5, path) : 'no error';
    expect(said).toEqual([found, [0, 1]]);
  });

  when('what Node reads into a view stops where the room ends', async () => {
    const { said, path } = await hearOf(`
      const file = MmapFileMut.create(path, { maxSize: SIZE });
      leave(ROOM);
      const [view, fd] = [file.asBuffer(), fs.openSync('/dev/zero')];
      let read = 0;
      // The system gives Node what there is room for, and then an error, but never a signal.
      const { code } = caught(() => { for (;;) read += fs.readSync(fd, view, read, PAGE); });
      say([code, read]);
      say(faultOf(() => file.writeUInt8(1, read)));
      file.close();`);
    const [[, read]] = said as [[string, number]];
    expectEnd(read);
    expect(said).toEqual([['EFAULT', read], faultError('no-space', read, path)]);
  });

  when.each([
    ['create', 'MmapFileMut.create(path, { maxSize: SIZE, allocate: true })'],
    ['open', 'MmapFileMut.open(path, { maxSize: SIZE, allocate: true })'],
  ])('%s with "allocate" says so, and leaves no new file', async (_, open) => {
    const { said, path } = await hearOf(`
      leave(ROOM);
      const before = fs.statfsSync(directory).bfree;
      say(caught(() => ${open}));
      say(fs.existsSync(path));
      leave(ROOM); // which nobody has taken
      say(fs.statfsSync(directory).bfree - before);`);
    expect(said).toEqual([noSpace(path), false, 0]);
  });

  when.each([
    ['open', 'MmapFileMut.open(path, { minSize: SIZE, allocate: true })'],
    [
      'open from an offset on',
      'MmapFileMut.open(path, { minSize: SIZE, offset: 5000, allocate: true })',
    ],
    ['openExisting', 'MmapFileMut.openExisting(path, { minSize: SIZE, allocate: true })'],
    [
      'open with "truncate"',
      'MmapFileMut.open(path, { maxSize: SIZE, truncate: true, allocate: true })',
    ],
  ])('%s with "allocate" says so, and leaves the file as it was', async (_, open) => {
    const { said, path } = await hearOf(`${SPARSE}
      leave(ROOM);
      say(caught(() => ${open}));
      say(look());
      say(caught(() => MmapFileMut.openExisting(path).close())); // nor is it locked`);
    expect(said).toEqual([noSpace(path), AS_IT_WAS, 'no error']);
  });

  when('truncate with "allocate" says so, and leaves the file usable', async () => {
    const { said, path } = await hearOf(`${SPARSE}
      const file = MmapFileMut.open(path, { allocate: true });
      const view = file.asBuffer();
      leave(ROOM);
      for (const size of [SIZE, SIZE + 1, 2 * SIZE - 7]) say(caught(() => file.truncate(size)));
      say(look());
      say([file.isPoisoned, file.isFaulted, file.length, file.readUInt8(PAGE), view[PAGE]]);
      makeRoom();
      file.truncate(SIZE);
      fillUp();
      file.fill(3, 10 * PAGE);
      file.flush();
      say([isFilled(fs.readFileSync(path).subarray(10 * PAGE), 3), file.length]);
      file.close();`);
    const error = noSpace(path);
    expect(said).toEqual([
      error,
      error,
      error,
      AS_IT_WAS,
      [false, false, 10 * PAGE, 1, 1],
      [true, SIZE],
    ]);
  });

  when.each([
    ['create', 'MmapFileMut.create(path, { maxSize: SIZE, allocate: true })'],
    ['open of none', 'MmapFileMut.open(path, { maxSize: SIZE, allocate: true })'],
    ['open', 'MmapFileMut.open(path, { minSize: SIZE, allocate: true })'],
    [
      'open with "truncate"',
      'MmapFileMut.open(path, { maxSize: SIZE, truncate: true, allocate: true })',
    ],
    [
      'truncate',
      '(() => { const file = MmapFileMut.create(path, { allocate: true }); file.truncate(100); file.truncate(SIZE); return file; })()',
    ],
  ])('%s with "allocate" before it was full has every store succeed', async (how, open) => {
    const { said } = await hearOf(`${how === 'open' ? SPARSE : ''}
      const file = ${open};
      fillUp();
      const view = file.asBuffer();
      for (let at = 0; at < SIZE; at += 2 * PAGE) { file.writeUInt8(1, at); view[at + PAGE] = 1; }
      file.fill(4);
      file.flush();
      file.checkFault();
      say([file.isFaulted, isFilled(fs.readFileSync(path), 4), fs.statSync(path).size]);
      file.close();`);
    expect(said).toEqual([[false, true, SIZE]]);
  });
});
