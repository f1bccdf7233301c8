import { whereCallsAreTraced } from '../helpers/platform.js';
import { sequences, survivesEveryFault } from '../helpers/sequences.js';

const { describe, test } = whereCallsAreTraced;

const MINUTES = 60_000;

describe('every system call may fail, and each may be the last of the process', () => {
  test.each(Object.entries(sequences))('%s', { timeout: 5 * MINUTES }, async (name, sequence) => {
    console.log(`${name}: ${await survivesEveryFault(sequence)}`);
  });
});
