import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { whereSignals } from '../helpers/platform.js';
import { tempDir } from '../helpers/temp.js';

const { test } = whereSignals;

const NATIVE = fileURLToPath(new URL('../../../../native/src', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../helpers/guarded-range-index.cc', import.meta.url));

test('the index of guarded ranges finds every range, and no deleted one, while others come and go', async () => {
  const program = join(tempDir(), 'guarded-range-index');
  const sources = [join(NATIVE, 'platform', 'posix', 'guarded-range-index.cc'), PROGRAM];
  const flags = ['-std=c++17', '-O2', '-pthread', '-I', NATIVE];
  execFileSync('c++', [...flags, '-o', program, ...sources], { timeout: 60_000 });
  const ended = promisify(execFile)(program, { timeout: 60_000, killSignal: 'SIGKILL' });
  expect(await ended).toEqual({ stdout: '', stderr: '' });
}, 130_000);
