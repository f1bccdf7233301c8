import { describe, test } from 'vitest';
import { canMount } from '../../test/helpers/mounting.js';
import { powerLosses, survivesPowerLoss } from '../../test/helpers/power-loss.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';

// One of each kind: core has all of them, and xfs.
const NAMES = [
  ...['flush', 'startFlush', 'truncate to more', 'truncate to less', 'closeWithTruncate'],
  ...['open that grows', 'open that truncates', 'create', 'open of what is not there'],
  ...['remove', 'removeOnDispose', 'writeToNewFile'],
  ...['writeToNewFile that replaces its own', 'close that flushes'],
];

describe.runIf(canMount('mount', 'mkfs.ext4', 'xfs_io'))(
  'what has been promised is there after a power loss, right behind',
  () => {
    test.each(NAMES)('%s', async (name) => {
      const powerLoss = powerLosses[name];
      if (!powerLoss) throw new Error(`there is no power loss behind '${name}'`);
      await survivesPowerLoss(powerLoss, 'ext4', {
        File: AsyncMmapFile,
        FileMut: AsyncMmapFileMut,
      });
    });
  },
);
