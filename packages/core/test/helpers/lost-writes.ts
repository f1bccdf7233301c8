import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeFailingDisk } from './file-systems.js';
import { type Files, look } from './files.js';
import { hearProgram, namesIn } from './program.js';
import { pattern, tempFile } from './temp.js';

const CONTENT = pattern(10_000);
const CHANGED = Buffer.concat([
  CONTENT.subarray(0, 5000),
  Buffer.from('new'),
  CONTENT.subarray(5003),
]);

/** An operation for which no write reaches the device, and its outcome. */
export interface LostWrite {
  /** The operation: one of `programs/disks/lost-writes.cjs`. */
  readonly name: string;
  /** What each call throws. */
  readonly says: readonly unknown[];
  /** The files that it has made, apart from `file.bin`. */
  readonly leaves?: Files;
}

const POISONED = 'MmapPoisonedError ERR_MMAP_POISONED';
/** The first error is that of the device; later ones may be of the file system, which has stopped. */
const lost = (...syscalls: string[]) =>
  expect.stringMatching(new RegExp(`^MmapError (EIO|EROFS) (${syscalls.join('|')})$`));
const state = (isPoisoned: boolean) => [isPoisoned, false, isPoisoned ? 0 : CONTENT.length];

const STAYED = [...Array(5).fill(POISONED), state(true), 'new'];

const REMOVED = [...Array(5).fill(lost('fsync', 'unlink')), false];

const outcomes: Readonly<Record<string, Omit<LostWrite, 'name'>>> = {
  flush: {
    says: [lost('msync'), ...STAYED],
  },
  'flush of a part': {
    says: [lost('msync'), ...STAYED],
  },
  'flush behind a flush that was only started': {
    // It may have hit the error already, if the device was fast.
    says: [
      expect.stringMatching(/^(MmapError (EIO|EROFS) msync|MmapPoisonedError .*)$/),
      ...STAYED,
    ],
  },
  'truncate to more': {
    says: [lost('fsync'), ...STAYED],
  },
  'truncate to less': {
    says: [lost('fsync'), ...STAYED],
  },
  closeWithTruncate: {
    says: [lost('fsync'), ...STAYED],
  },
  create: {
    says: [lost('fsync'), lost('fsync', 'open')],
  },
  'open of what is not there': {
    says: [lost('fsync')],
  },
  writeToNewFile: {
    // It starts again each time, from the mapping.
    says: [lost('fsync'), lost('fsync'), 'no error', [true, false, false, 'n'.charCodeAt(0)]],
    leaves: { 'file.bin.new': CHANGED },
  },
  remove: { says: REMOVED },
  'remove behind a flush': {
    says: REMOVED,
  },
};

export const lostWrites: Readonly<Record<string, LostWrite>> = Object.fromEntries(
  namesIn('disks/lost-writes#ACTS').map((name) => {
    const outcome = outcomes[name];
    if (!outcome) throw new Error(`nothing is known of '${name}'`);
    return [name, { name, ...outcome }];
  }),
);

/**
 * Makes the device lose writes, and checks the files once it works and is mounted again: a refused operation
 * has created no file and removed none.
 *
 * @param main - The package that does it.
 */
export async function tellsOfLostWrite(
  { name, says, leaves = {} }: LostWrite,
  main?: string,
): Promise<void> {
  const disk = await makeFailingDisk(32 << 20);
  const path = join(disk.directory, 'file.bin');
  fs.copyFileSync(tempFile(CONTENT), path);
  disk.sync();
  const said = await hearProgram('disks/lost-writes#act', {
    args: [disk.directory, disk.control, name],
    ...(main !== undefined && { main }),
  });
  expect(said).toEqual(says);
  disk.unmount();
  disk.mount();
  const { 'file.bin': left, ...made } = look(disk.directory, ['lost+found']);
  disk.unmount();
  expect(left).toBeDefined();
  expect(made).toEqual(leaves);
}
