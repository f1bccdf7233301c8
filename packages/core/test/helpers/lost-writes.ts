import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hear } from './child.js';
import { makeFailingDisk } from './file-systems.js';
import { type Files, look } from './files.js';
import { pattern, tempFile } from './temp.js';

const CONTENT = pattern(10_000);
const CHANGED = Buffer.concat([
  CONTENT.subarray(0, 5000),
  Buffer.from('new'),
  CONTENT.subarray(5003),
]);

/**
 * What is done to `file`, or to `path`, where no write reaches the device: `failed` says what a call throws. As of
 * `Sequence`, in JavaScript for any of the packages.
 */
export interface LostWrite {
  readonly act: string;
  readonly says: readonly unknown[];
  /** What it has made, beside the file. */
  readonly leaves?: Files;
}

const POISONED = 'MmapPoisonedError ERR_MMAP_POISONED';
/** Of which the first is the device's, and later ones may be of the file system, which has stopped. */
const lost = (...syscalls: string[]) =>
  expect.stringMatching(new RegExp(`^MmapError (EIO|EROFS) (${syscalls.join('|')})$`));
const state = (isPoisoned: boolean) => [isPoisoned, false, isPoisoned ? 0 : CONTENT.length];

/** The file is poisoned, whatever is tried, and also when the device is well again. */
const STAYS = `
  say(await failed(() => file.flush()));
  heal();
  for (let i = 0; i < 2; ++i) say(await failed(() => file.flush()));
  say(await failed(() => file.flush(0, 1)));
  say(await failed(() => file.truncate(5)));
  say([file.isPoisoned, file.isClosed, file.length]);
  say(view.toString('latin1', 5000, 5003));
`;
const STAYED = [...Array(5).fill(POISONED), state(true), 'new'];

/** Until it is not refused any more: no change has come to the disk by then, so it must always be. */
const REMOVE = `
  for (let i = 0; i < 3; ++i) say(await failed(() => file.remove()));
  heal();
  for (let i = 0; i < 2; ++i) say(await failed(() => file.remove()));
  say(file.isClosed);
`;
const REMOVED = [...Array(5).fill(lost('fsync', 'unlink')), false];

export const lostWrites: Readonly<Record<string, LostWrite>> = {
  flush: {
    act: `say(await failed(() => file.flush()));${STAYS}`,
    says: [lost('msync'), ...STAYED],
  },
  'flush of a part': {
    act: `say(await failed(() => file.flush(5001, 1)));${STAYS}`,
    says: [lost('msync'), ...STAYED],
  },
  'flush behind a flush that was only started': {
    act: `await failed(() => file.startFlush());
      say(await failed(() => file.flush()));${STAYS}`,
    // Which may have met it, if the device was fast.
    says: [
      expect.stringMatching(/^(MmapError (EIO|EROFS) msync|MmapPoisonedError .*)$/),
      ...STAYED,
    ],
  },
  'truncate to more': {
    act: `say(await failed(() => file.truncate(50_000)));${STAYS}`,
    says: [lost('fsync'), ...STAYED],
  },
  'truncate to less': {
    act: `say(await failed(() => file.truncate(6000)));${STAYS}`,
    says: [lost('fsync'), ...STAYED],
  },
  closeWithTruncate: {
    act: `say(await failed(() => file.closeWithTruncate(6000)));${STAYS}`,
    says: [lost('fsync'), ...STAYED],
  },
  create: {
    act: `say(await failed(() => FileMut.create(path + '.new', { maxSize: 5000 })));
      say(await failed(() => FileMut.create(path + '.newer', { maxSize: 5000 })));`,
    says: [lost('fsync'), lost('fsync', 'open')],
  },
  'open of what is not there': {
    act: `say(await failed(() => FileMut.open(path + '.new', { maxSize: 5000 })));`,
    says: [lost('fsync')],
  },
  writeToNewFile: {
    act: `say(await failed(() => file.writeToNewFile(path + '.new')));
      say(await failed(() => file.writeToNewFile(path + '.new')));
      heal();
      say(await failed(() => file.writeToNewFile(path + '.new')));
      say([fs.existsSync(path + '.new'), file.isPoisoned, file.isClosed, file.readUInt8(5000)]);`,
    // It starts anew each time, from the mapping.
    says: [lost('fsync'), lost('fsync'), 'no error', [true, false, false, 'n'.charCodeAt(0)]],
    leaves: { 'file.bin.new': CHANGED },
  },
  remove: { act: REMOVE, says: REMOVED },
  'remove behind a flush': {
    act: `await failed(() => file.flush());${REMOVE}`,
    says: REMOVED,
  },
};

const SOURCE = `
  const FileMut = fmmap.AsyncMmapFileMut ?? MmapFileMut;
  const [directory] = args;
  const path = directory + '/file.bin';
  const failed = async (call) => {
    try { await call(); } catch ({ name, code, syscall }) { return [name, code, syscall].filter(Boolean).join(' '); }
    return 'no error';
  };
  const heal = () => fail('pwrite', false);
`;

/**
 * Has a write be lost by the device, and looks at what is there when that is well and mounted again: what was
 * refused has left no file, and has not removed one.
 *
 * @param main - The package that does it.
 */
export async function tellsOfLostWrite(
  { act, says, leaves = {} }: LostWrite,
  main?: string,
): Promise<void> {
  const disk = await makeFailingDisk(32 << 20);
  const path = join(disk.directory, 'file.bin');
  fs.copyFileSync(tempFile(CONTENT), path);
  disk.sync();
  const said = await hear(
    `${disk.source}${SOURCE}
    // Operations need threads, and those need what is not on the disk.
    const warm = await FileMut.memory('memory', 'abc');
    await warm.flush();
    await warm.close();
    const file = await FileMut.openExisting(path);
    const view = file.asBuffer();
    file.writeAll('new', 5000);
    fail('pwrite', true);
    try { ${act} } finally { heal(); }
    await file.close();`,
    { args: [disk.directory], ...(main !== undefined && { main }) },
  );
  expect(said).toEqual(says);
  disk.unmount();
  disk.mount();
  const { 'file.bin': left, ...made } = look(disk.directory, ['lost+found']);
  disk.unmount();
  expect(left).toBeDefined();
  expect(made).toEqual(leaves);
}
