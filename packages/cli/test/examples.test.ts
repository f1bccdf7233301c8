import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pattern, tempDir } from '../../core/test/helpers/temp.js';
import { run, said, shellCommand } from './helpers/run.js';

const COMMANDS = ['stat', 'residency', 'prefetch', 'evict', 'lock', 'hexdump', 'search', 'bench'];
const FILES = ['tiles.bin', 'index.bin', 'vectors.bin', 'data.bin', 'archive.zip', 'app.log'];

/** The examples of the help and of the README, without what other programs do. */
async function examples(): Promise<string[]> {
  const helps = await Promise.all(COMMANDS.map((command) => said(command, '--help')));
  const readme = fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, blocks = ''] = /```sh\n(fmmap[\s\S]*?)```/.exec(readme) ?? [];
  const lines = [
    ...helps.join('').matchAll(/^ {2}fmmap (.*)$/gm),
    ...blocks.matchAll(/^fmmap (.*)$/gm),
  ];
  return lines.map(([, line = '']) => line.replace(/ (\||&&|#) .*/, '').replace(/--watch \S+/, ''));
}

test('examples work as they are documented', { timeout: 120_000 }, async () => {
  const folder = tempDir();
  for (const name of FILES) fs.writeFileSync(join(folder, name), pattern(20_000));
  fs.truncateSync(join(folder, 'tiles.bin'), 2 ** 23);
  const found = await examples();
  expect(found.length).toBeGreaterThan(15);
  for (const example of found) {
    const { code, stdout, stderr } = await run(['sh', '-c', `${shellCommand([])} ${example}`], {
      cwd: folder,
    });
    expect({ example, stderr }).toEqual({ example, stderr: '' });
    expect([0, 1], `${example}\n${stdout}`).toContain(code);
  }
});
