import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('dist/cli.js', import.meta.url));
const TIMEOUT = 300_000;

test(
  'views of a mapped file are handled as docs/compatibility.md says',
  () => {
    const args = [CLI, 'check', 'own'];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: TIMEOUT,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
  TIMEOUT + 10_000,
);
