import { describe, test } from 'vitest';
import { lostWrites, tellsOfLostWrite } from '../helpers/lost-writes.js';
import { canMount, FAILING_DISK } from '../helpers/mounting.js';

describe.runIf(canMount(...FAILING_DISK))(
  'with a device that cannot be written, this fails and never succeeds later:',
  () => {
    test.each(Object.entries(lostWrites))('%s', (_, lostWrite) => tellsOfLostWrite(lostWrite));
  },
);
