import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { makeDisk } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import { tempDir } from '../helpers/temp.js';

// File systems that hold pages in folios want blocks for a whole one, up to 2 MiB, when one of its pages is stored to. So
// a store may find the disk full although there is room for the page, and for many more.

const MIB = 2 ** 20;
const DISKS = { ext4: 160 * MIB, xfs: 300 * MIB } as const;

/** More than the disk has room for, in the order in which a program may come to it. */
const ORDERS: Readonly<Record<string, string>> = {
  'from the start': 'for (let at = 0; at < size; at += PAGE) file.writeUInt8(1, at);',
  'in large pieces': 'for (let at = 0; at < size; at += MIB) file.fill(1, at, at + MIB);',
  'from the end': 'for (let at = size - 1; at >= 0; at -= PAGE) file.writeUInt8(1, at);',
  'all over it':
    'for (let count = 0, at = 0; count < size / PAGE; ++count, at = (at + 7919 * PAGE) % size) file.writeUInt8(1, at);',
  'through a view': 'const view = file.asBuffer(); view.fill(1); file.checkFault();',
  'after it was read':
    'file.prefetch(); for (let at = 0; at < size; at += PAGE) file.writeUInt8(1, at);',
};

describe.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs')).each(Object.entries(DISKS))(
  'a full disk is no-space, on %s',
  (type, bytes) => {
    test.each(Object.entries(ORDERS))('%s', async (_, store) => {
      const { directory } = makeDisk(type as keyof typeof DISKS, bytes);
      const [reason, code] = await hear(
        `const [PAGE, MIB] = [4096, 2 ** 20];
         const size = ${bytes} + 64 * MIB;
         const file = MmapFileMut.create(args[0], { maxSize: size });
         let error = {};
         try { ${store} } catch (caught) { error = caught; }
         say(error.reason);
         say(error.code);
         file.close();`,
        { args: [join(directory, 'file.bin')] },
      );
      expect([reason, code]).toEqual(['no-space', 'ERR_MMAP_FAULT']);
    });
  },
);

test.runIf(canMount('mount', 'mkfs.ext4'))('and is found out after a few signals', async () => {
  const { directory } = makeDisk('ext4', DISKS.ext4);
  const log = join(tempDir(), 'strace.log');
  const [reason] = await hear(
    `const file = MmapFileMut.create(args[0], { maxSize: 2 ** 28 });
     try { file.fill(1); } catch (error) { say(error.reason); }`,
    {
      args: [join(directory, 'file.bin')],
      through: ['strace', '-f', '-qq', '-o', log, '-e', 'trace=none', '-e', 'signal=SIGBUS'],
    },
  );
  expect(reason).toBe('no-space');
  // One for each page that cannot be had, up to when the whole window is given up.
  expect(fs.readFileSync(log, 'utf8').split('\n').length).toBeLessThan(200);
});
