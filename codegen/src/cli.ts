import { root } from './root.js';
import { run } from './run.js';
import { targets } from './targets.js';

try {
  console.log(run(process.argv.slice(2), root, targets));
} catch (error) {
  console.error(`fmmap-codegen: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
