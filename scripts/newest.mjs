// Runs what users copy on the newest Node: the recipes, and the examples of the documents. `npm test` runs them on the
// current one.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEWEST, nodeCommand } from './platforms/runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [node] = await nodeCommand(NEWEST);

for (const [folder, ...files] of [['examples/recipes'], ['test', 'documents.test.ts']]) {
  const { status } = spawnSync(
    node,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...files],
    {
      cwd: join(root, folder),
      stdio: 'inherit',
    },
  );
  if (status !== 0) process.exitCode = 1;
}
