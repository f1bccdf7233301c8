// The command-line entry point; see README.md.
import { targets } from './flavours.js';
import { root, run } from './output.js';

try {
  console.log(run(process.argv.slice(2), root, targets));
} catch (error) {
  console.error(`fmmap-codegen: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
