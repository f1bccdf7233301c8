import { describe, test } from 'vitest';
import { lostWrites, tellsOfLostWrite } from '../helpers/lost-writes.js';
import { canMount, FAILING_DISK } from '../helpers/mounting.js';

describe.runIf(canMount(...FAILING_DISK))(
  'a device that cannot be written is an error, and never a success later, of',
  () => {
    test.each(Object.entries(lostWrites))('%s', (_, lostWrite) => tellsOfLostWrite(lostWrite));
  },
);
