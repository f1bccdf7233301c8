// Runs, on the newest Node, what users copy: the recipes, and the examples in the documents. `npm test` runs them on the current
// one.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAJORS, nodeOf } from '../test/compat/dist/nodes.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const node = nodeOf(Math.max(...MAJORS));

for (const [folder, ...files] of [['examples/recipes'], ['test', 'documents.test.ts']]) {
  const { error, status } = spawnSync(node, [vitest, 'run', ...files], {
    cwd: join(root, folder),
    stdio: 'inherit',
  });
  if (error) console.error(error);
  if (status !== 0) process.exitCode = 1;
}
