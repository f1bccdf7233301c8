import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeDisk } from '../helpers/file-systems.js';
import { canMount } from '../helpers/mounting.js';
import { hearProgram, namesIn } from '../helpers/program.js';
import { tempDir } from '../helpers/temp.js';

// File systems that keep pages in folios want blocks for a whole folio, up to 2 MiB, when one of its pages is stored to,
// so a store may find the disk full although there is room for its page and for many more.

const MIB = 2 ** 20;
const DISKS = { ext4: 160 * MIB, xfs: 300 * MIB } as const;

describe.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs')).each(Object.entries(DISKS))(
  'a full disk is reported as no-space, on %s',
  (type, bytes) => {
    test.each(namesIn('disks/full-folios#ORDERS'))('%s', async (order) => {
      const { directory } = makeDisk(type as keyof typeof DISKS, bytes);
      const [reason, code] = await hearProgram('disks/full-folios#store', {
        args: [join(directory, 'file.bin'), bytes, order],
      });
      expect([reason, code]).toEqual(['no-space', 'ERR_MMAP_FAULT']);
    });
  },
);

test.runIf(canMount('mount', 'mkfs.ext4'))(
  'a full disk is recognised after a few signals',
  async () => {
    const { directory } = makeDisk('ext4', DISKS.ext4);
    const log = join(tempDir(), 'strace.log');
    const [reason] = await hearProgram('disks/full-folios#fill', {
      args: [join(directory, 'file.bin')],
      through: ['strace', '-f', '-qq', '-o', log, '-e', 'trace=none', '-e', 'signal=SIGBUS'],
    });
    expect(reason).toBe('no-space');
    // One for each page that cannot be allocated, until the whole window is given up.
    expect(fs.readFileSync(log, 'utf8').split('\n').length).toBeLessThan(200);
  },
);
