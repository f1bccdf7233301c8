// What happens to a process when something goes wrong: each case in its own process.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as part from '../lib/part.mjs';
import { CASES } from '../robustness/cases.mjs';

const child = fileURLToPath(new URL('../robustness/child.mjs', import.meta.url));

/** What was observed, or how the process ended. */
function see(name, contender) {
  const directory = fs.mkdtempSync(join(part.directory, 'case-'));
  const program = contender === 'Bun.mmap' ? part.bun : process.execPath;
  const { status, signal, stdout } = spawnSync(program, [child, name, contender, directory], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  fs.rmSync(directory, { recursive: true });
  // A program that handles the signal itself, to report the crash, exits with a status.
  const code = signal ?? (status > 128 ? `signal ${status - 128}` : '');
  if (code) return `**dies: ${code}**`;
  if (stdout) return stdout.replaceAll('|', '/');
  return `**dies** with status ${status}`;
}

const contenders = ['fmmap', ...part.peerNames, ...(part.bun ? ['Bun.mmap'] : [])];
part.finish({
  title: 'Robustness',
  about: 'What was seen, each time in a process of its own. Once.',
  plain: {
    head: ['what happens', ...contenders],
    rows: Object.entries(CASES).map(([name, { about }]) => [
      about,
      ...contenders.map((contender) => see(name, contender)),
    ]),
  },
});
