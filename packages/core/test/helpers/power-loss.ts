import * as fs from 'node:fs';
import { join } from 'node:path';
import type { AsyncMmapFile } from '../../template/async-mmap-file.js';
import type { AsyncMmapFileMut } from '../../template/async-mmap-file-mut.js';
import { makeDisk } from './file-systems.js';
import { expectOneOf, type Files, look, writeFiles } from './files.js';
import { pattern } from './temp.js';

/** The classes of any flavour, or of the sync API: their results are awaited in any case. */
export interface Classes {
  readonly File: unknown;
  readonly FileMut: unknown;
}

interface Api {
  readonly File: typeof AsyncMmapFile;
  readonly FileMut: typeof AsyncMmapFileMut;
}

/** An operation right before the power fails, and the files in a directory on the disk. */
export interface PowerLoss {
  readonly before: Files;
  /** Returns a file that it has opened, or undefined. */
  readonly act: (api: Api, at: string) => Promise<unknown>;
  /** The files afterwards: one of these. */
  readonly after: readonly Files[];
  /** The same without a sync, after which the files are as `before`: this shows that the test can fail. */
  readonly byHand: (at: string, api: Api) => unknown;
}

const OLD = pattern(10_000);
const NEW = OLD.map((byte) => byte ^ 0xff) as Buffer;
const CHANGED = Buffer.concat([OLD.subarray(0, 5000), Buffer.from('new'), OLD.subarray(5003)]);
const file = (content: Uint8Array): Files => ({ 'file.bin': Buffer.from(content) });
const resized = (content: Buffer, size: number): Buffer =>
  Buffer.concat([content.subarray(0, size), Buffer.alloc(Math.max(size - content.length, 0))]);

/** Overwrites a part of a file. */
function overwrite(path: string, content: Uint8Array | string, offset = 0): void {
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, Buffer.from(content), 0, content.length, offset);
  fs.closeSync(fd);
}

/** Stores something, and then flushes. */
const flushing = (
  store: (file: AsyncMmapFileMut) => Promise<void>,
  content: Buffer,
  before: Buffer = OLD,
): PowerLoss => ({
  before: file(before),
  act: async ({ FileMut }, at) => {
    const opened = await FileMut.openExisting(join(at, 'file.bin'));
    await store(opened);
    return opened;
  },
  after: [file(content)],
  byHand: (at) => overwrite(join(at, 'file.bin'), content),
});

/** Changes the size of a file, by a call or by an open. */
const resizing = (
  change: (api: Api, path: string) => Promise<unknown>,
  content: Buffer,
): PowerLoss => ({
  before: file(OLD),
  act: (api, at) => change(api, join(at, 'file.bin')),
  after: [file(content)],
  byHand: (at) => fs.truncateSync(join(at, 'file.bin'), content.length),
});

/** Creates a file of 5,000 bytes. */
const making = (
  make: (api: Api, path: string) => Promise<unknown>,
  content: Buffer,
): PowerLoss => ({
  before: { other: Buffer.from('other') },
  act: (api, at) => make(api, join(at, 'file.bin')),
  after: [{ other: Buffer.from('other'), ...file(content) }],
  byHand: (at) => fs.writeFileSync(join(at, 'file.bin'), content),
});

const removing = (remove: (file: AsyncMmapFileMut) => Promise<void>): PowerLoss => ({
  before: { other: Buffer.from('other'), ...file(OLD) },
  act: async ({ FileMut }, at) => remove(await FileMut.openExisting(join(at, 'file.bin'))),
  after: [{ other: Buffer.from('other') }],
  byHand: (at) => fs.unlinkSync(join(at, 'file.bin')),
});

const copying = (open: 'openExisting' | 'openCow', length: number): PowerLoss => ({
  before: file(OLD),
  act: async ({ FileMut }, at) => {
    const opened = await FileMut[open](join(at, 'file.bin'));
    opened.writeAll('new', 5000);
    await opened.writeToNewFile(join(at, 'copy'), 0, length);
    return opened;
  },
  // Its own stores in a shared mapping may have reached the disk in the meantime.
  after: [OLD, ...(open === 'openCow' ? [] : [CHANGED])].map((content) => ({
    ...file(content),
    copy: CHANGED.subarray(0, length),
  })),
  byHand: (at) => fs.copyFileSync(join(at, 'file.bin'), join(at, 'copy')),
});

/** Replaces a file with a copy. */
const replacing = (open: 'openExisting' | 'openCow', target: string): PowerLoss => ({
  before: { other: Buffer.from('other'), ...file(OLD) },
  act: async ({ FileMut }, at) => {
    const opened = await FileMut[open](join(at, 'file.bin'));
    opened.writeAll('new', 5000);
    await opened.writeToNewFile(join(at, target), { replace: true });
    return opened;
  },
  after: [OLD, ...(open === 'openCow' ? [] : [CHANGED])].map((content) => ({
    other: Buffer.from('other'),
    ...file(content),
    [target]: CHANGED,
  })),
  byHand: (at) => {
    fs.writeFileSync(join(at, 'new'), CHANGED);
    fs.renameSync(join(at, 'new'), join(at, target));
  },
});

/** Stores without a flush. */
const storing = async ({ FileMut }: Api, at: string) => {
  const opened = await FileMut.openExisting(join(at, 'file.bin'));
  opened.writeAll('new', 5000);
  return opened;
};

const ofAll = async (opened: AsyncMmapFileMut) => {
  opened.writeAll(NEW);
  await opened.flush();
};

/** The {@link PowerLoss}es, by the call that has returned before them. */
export const powerLosses: Readonly<Record<string, PowerLoss>> = {
  flush: flushing(ofAll, NEW),
  'flush of a part': flushing(async (opened) => {
    opened.writeAll('new', 5000);
    await opened.flush(5001, 1); // flushes its page
  }, CHANGED),
  'flush of a writer': flushing(async (opened) => {
    const writer = opened.writer(5000);
    await writer.writeAll('new');
    await writer.flush();
  }, CHANGED),
  'flush of a buffered writer': flushing(async (opened) => {
    const writer = opened.writer(5000, undefined, { buffered: true });
    writer.writeAll('ne');
    writer.writeUInt8('w'.charCodeAt(0));
    await writer.flush();
  }, CHANGED),
  'flush of a file with a buffered writer': flushing(async (opened) => {
    opened.writer(5000, undefined, { buffered: true }).writeAll('new');
    await opened.flush();
  }, CHANGED),
  'flush of what a view has': flushing(async (opened) => {
    opened.asBuffer().write('new', 5000);
    await opened.flush();
  }, CHANGED),
  'flush of a hole': flushing(
    async (opened) => {
      opened.fill(7, 1 << 16, 1 << 17);
      await opened.flush();
    },
    Buffer.concat([Buffer.alloc(1 << 16), Buffer.alloc(1 << 16, 7), Buffer.alloc(1 << 17)]),
    Buffer.alloc(1 << 18),
  ),
  'flush of pages that truncate has added': flushing(
    async (opened) => {
      await opened.truncate(50_000);
      opened.writeAll(NEW, 40_000);
      await opened.flush();
    },
    Buffer.concat([resized(OLD, 40_000), NEW]),
  ),
  // It promises nothing about what has been written.
  startFlush: {
    before: file(OLD),
    act: async (api, at) => {
      const opened = await storing(api, at);
      await opened.startFlush();
      return opened;
    },
    after: [file(OLD), file(CHANGED)],
    byHand: (at, api) => storing(api, at),
  },
  // It promises no more than what was there before.
  'close, without a flush,': {
    before: file(OLD),
    act: async (api, at) => {
      const opened = await storing(api, at);
      await opened.close();
    },
    after: [file(OLD), file(CHANGED)],
    byHand: (at) => overwrite(join(at, 'file.bin'), 'new', 5000),
  },
  'truncate to more': resizing(
    async ({ FileMut }, path) => {
      const opened = await FileMut.openExisting(path);
      await opened.truncate(50_000);
      return opened;
    },
    resized(OLD, 50_000),
  ),
  'truncate to more that allocates': resizing(
    async ({ FileMut }, path) => {
      const opened = await FileMut.openExisting(path, { allocate: true });
      await opened.truncate(50_000);
      return opened;
    },
    resized(OLD, 50_000),
  ),
  'truncate to less': resizing(
    async ({ FileMut }, path) => {
      const opened = await FileMut.openExisting(path);
      await opened.truncate(1234);
      return opened;
    },
    resized(OLD, 1234),
  ),
  'truncate to nothing': resizing(async ({ FileMut }, path) => {
    const opened = await FileMut.openExisting(path);
    await opened.truncate(0);
    return opened;
  }, Buffer.alloc(0)),
  'truncate behind a store': resizing(
    async ({ FileMut }, path) => {
      const opened = await FileMut.openExisting(path);
      opened.writeAll('new', 5000);
      await opened.truncate(20_000);
      return opened;
    },
    resized(CHANGED, 20_000),
  ),
  closeWithTruncate: resizing(
    async ({ FileMut }, path) => {
      const opened = await FileMut.openExisting(path);
      opened.writeAll('new', 5000);
      await opened.closeWithTruncate(6000);
    },
    resized(CHANGED, 6000),
  ),
  'open that grows': resizing(
    ({ FileMut }, path) => FileMut.openExisting(path, { minSize: 50_000 }),
    resized(OLD, 50_000),
  ),
  'open that truncates': resizing(
    ({ FileMut }, path) => FileMut.open(path, { truncate: true }),
    Buffer.alloc(0),
  ),
  'open that truncates and grows': {
    ...resizing(
      ({ FileMut }, path) => FileMut.open(path, { truncate: true, maxSize: 20_000 }),
      Buffer.alloc(20_000),
    ),
    byHand: (at) => fs.writeFileSync(join(at, 'file.bin'), Buffer.alloc(20_000)),
  },
  create: making(
    ({ FileMut }, path) => FileMut.create(path, { maxSize: 5000 }),
    Buffer.alloc(5000),
  ),
  'create of an empty file': making(({ FileMut }, path) => FileMut.create(path), Buffer.alloc(0)),
  'create and flush': making(async ({ FileMut }, path) => {
    const opened = await FileMut.create(path, { maxSize: OLD.length });
    await ofAll(opened);
    return opened;
  }, NEW),
  'open of what is not there': making(
    ({ FileMut }, path) => FileMut.open(path, { maxSize: 5000 }),
    Buffer.alloc(5000),
  ),
  remove: removing((opened) => opened.remove()),
  'remove behind a store': removing(async (opened) => {
    opened.writeAll(NEW);
    await opened.truncate(20_000);
    await opened.remove();
  }),
  removeOnDispose: removing(async (opened) => {
    opened.removeOnDispose = true;
    const of = opened as unknown as Record<symbol, () => Promise<void>>;
    await of[Symbol.asyncDispose in opened ? Symbol.asyncDispose : Symbol.dispose]?.call(opened);
  }),
  writeToNewFile: copying('openExisting', OLD.length),
  'writeToNewFile of a part': copying('openExisting', 5001),
  'writeToNewFile of private pages': copying('openCow', OLD.length),
  'writeToNewFile that replaces another': replacing('openExisting', 'other'),
  'writeToNewFile that replaces its own': replacing('openExisting', 'file.bin'),
  'writeToNewFile of private pages that replaces its own': replacing('openCow', 'file.bin'),
  'close that flushes': flushing(async (opened) => {
    opened.writeAll('new', 5000);
    await opened.close({ flush: true });
  }, CHANGED),
};

/**
 * Cuts the power of a disk right after `act` has returned, and looks at the files once it is back: what
 * was promised is there, and what was done by hand afterwards, in another directory, is not.
 */
export async function survivesPowerLoss(
  { before, act, after, byHand }: PowerLoss,
  type: 'ext4' | 'xfs',
  classes: Classes,
): Promise<void> {
  const api = classes as Api;
  const disk = makeDisk(type, (type === 'ext4' ? 32 : 320) << 20);
  const [kept, lost] = ['kept', 'lost'].map((name) => join(disk.directory, name)) as [
    string,
    string,
  ];
  for (const at of [kept, lost]) {
    fs.mkdirSync(at);
    writeFiles(at, before);
  }
  disk.sync();
  const opened = [await act(api, kept), await byHand(lost, api)];
  disk.cutPower();
  for (const each of opened) await (each as AsyncMmapFile | undefined)?.close();
  disk.unmount();
  disk.mount();
  const found = [look(kept), look(lost)] as const;
  disk.unmount(); // otherwise its files could not be inspected
  expectOneOf(found[0], after, 'after the power loss');
  expectOneOf(found[1], [before], 'without a sync');
}
