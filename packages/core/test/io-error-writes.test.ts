import { describe, test } from 'vitest';
import { canMount, FAILING_DISK } from './helpers/file-systems.js';
import { lostWrites, tellsOfLostWrite } from './helpers/lost-writes.js';

describe.runIf(canMount(...FAILING_DISK))(
  'a device that cannot be written is an error, and never a success later, of',
  () => {
    test.each(Object.entries(lostWrites))('%s', (_, lostWrite) => tellsOfLostWrite(lostWrite));
  },
);
