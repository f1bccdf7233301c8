// Runs a tool of the workspace, installing the workspace first: `node scripts/run.mjs turbo run build`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connected } from './certificates.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
process.env.PATH = resolve('node_modules/.bin') + delimiter + process.env.PATH;
process.env.TURBO_TELEMETRY_DISABLED = process.env.DO_NOT_TRACK = '1';

const [tool, ...args] = process.argv.slice(2);
install();
process.exit(run(tool, args));

/** Installs with the pinned pnpm, through npx, and only if the lockfile has changed since the last time. */
function install() {
  const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
  const wanted = `# ${process.platform}-${process.arch}\n${readFileSync('pnpm-lock.yaml', 'utf8')}`;
  const stamp = 'node_modules/.installed';
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  console.log(`Installing the workspace with ${packageManager}`);
  const status = run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], connected());
  if (status !== 0) {
    console.error(`Installing failed: ${packageManager} ended with code ${status}, see above.`);
    process.exit(status);
  }
  writeFileSync(stamp, wanted);
}

function run(command, args, env = process.env) {
  const { error, status } = spawnSync(command, args, {
    stdio: 'inherit',
    env,
    shell: process.platform === 'win32', // npx and the tools are .cmd files there
  });
  if (error) console.error(`Cannot run ${command}: ${error.message}`);
  return status ?? 1;
}
