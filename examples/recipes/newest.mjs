// Runs the tests on the newest Node, which npx fetches: `npm test` runs them on the current one.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { MAJORS, nodeOf } from '../../test/compat/dist/nodes.js';

const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

const { status } = spawnSync(nodeOf(Math.max(...MAJORS)), [VITEST, 'run'], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
