// The template itself is no package that a process could load: only the copies of this are run.
import { describe, test } from 'vitest';
import { lostWrites, tellsOfLostWrite } from '../../test/helpers/lost-writes.js';
import { canMount, FAILING_DISK } from '../../test/helpers/mounting.js';
import { PACKAGE } from './package-under-test.js';

// One of each kind: core has all of them.
const NAMES = [
  'flush',
  'truncate to more',
  'closeWithTruncate',
  'create',
  'writeToNewFile',
  'remove',
];

describe.runIf(canMount(...FAILING_DISK))(
  'a device that cannot be written is an error, and never a success later, of',
  () => {
    test.each(NAMES)('%s', async (name) => {
      const lostWrite = lostWrites[name];
      if (!lostWrite) throw new Error(`there is no lost write of '${name}'`);
      await tellsOfLostWrite(lostWrite, PACKAGE);
    });
  },
);
