// The template itself is no package that a process could load: only the copies of this are run.
import { whereCallsAreTraced } from '../../test/helpers/platform.js';
import { sequences, survivesEveryFault } from '../../test/helpers/sequences.js';
import { PACKAGE } from './package-under-test.js';

const MINUTES = 60_000;

// One of each kind: what the others differ in is core's, which has all of them.
const NAMES = [
  ...['create', 'truncate to less', 'remove', 'writeToNewFile'],
  'writeToNewFile that replaces another',
];

whereCallsAreTraced.describe(
  'every system call that names a file may fail, and each may be the last of the process',
  () => {
    whereCallsAreTraced.test.each(NAMES)('%s', { timeout: 5 * MINUTES }, async (name) => {
      const sequence = sequences[name];
      if (!sequence) throw new Error(`there is no sequence '${name}'`);
      console.log(`${name}: ${await survivesEveryFault(sequence, PACKAGE)}`);
    });
  },
);
