import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/**
 * The addon of `@riaskov/mmap-io`, compiled on first use as its own install script would; undefined,
 * and a word why, where that fails. Its loader is left out: it is there to find a download.
 */
export function loadMmapIo() {
  const folder = dirname(require.resolve('@riaskov/mmap-io/package.json'));
  const addon = join(folder, 'build/Release/mmap_io.node');
  if (!existsSync(addon)) {
    const gyp = fileURLToPath(
      new URL('../../native/node_modules/node-gyp/bin/node-gyp.js', import.meta.url),
    );
    const args = ['rebuild', '--module_name=mmap_io', '--module_path=build/binding'];
    const { status, stderr } = spawnSync(process.execPath, [gyp, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) {
      console.error(`No @riaskov/mmap-io: it does not compile here.\n${stderr.slice(-1000)}`);
      return undefined;
    }
  }
  return require(addon);
}
