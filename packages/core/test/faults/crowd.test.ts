import { expect } from 'vitest';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram } from '../helpers/program.js';
import { tempDir } from '../helpers/temp.js';
import { OUTSIDE } from '../helpers/wasm.js';

const { test } = whereFilesAreCut;

// Signal handlers look up the mapping of an address while other threads add and remove thousands.

test('faults and traps reach the right place while thousands of mappings come and go', async () => {
  const said = await hearProgram('faults/crowd#crowd', { args: [tempDir()], timeout: 55_000 });
  expect(said).toEqual([Array(6).fill([]), [[OUTSIDE], [OUTSIDE]], [0, 1, true]]);
}, 60_000);
