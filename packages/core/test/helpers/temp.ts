import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isWindows } from './platform.js';

/** Windows may tell it in short names (RUNNER~1), which open files do not have. */
const TEMP = isWindows ? fs.realpathSync.native(tmpdir()) : tmpdir();

/** A directory for the running test, accessible to every user, which is removed when the test has ended. */
export function tempDir(parent: string = TEMP): string {
  const directory = fs.mkdtempSync(join(parent, 'fmmap-test-'));
  fs.chmodSync(directory, 0o755);
  onTestFinished(() => remove(directory));
  return directory;
}

const leftovers: string[] = [];
if (isWindows) process.once('exit', () => leftovers.forEach(remove));

/** Windows removes no file that is mapped, as by a test that leaves it to the collector. */
function remove(directory: string): void {
  try {
    fs.rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    if (!isWindows) throw error;
    if (!leftovers.includes(directory)) leftovers.push(directory);
  }
}

/** A path in a new temporary directory: of a file with `content`, or of no file without it. */
export function tempFile(content?: Uint8Array | string, name = 'file.bin'): string {
  const path = join(tempDir(), name);
  if (content !== undefined) fs.writeFileSync(path, content);
  return path;
}

/** `length` bytes, each different from its neighbours and from those a page away. */
export function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
}

/** Everything about a file that must not change, including its content. */
export function snapshot(path: string): object {
  const { dev, ino, mode, nlink, size, mtimeNs, ctimeNs } = fs.lstatSync(path, { bigint: true });
  const sha256 = createHash('sha256').update(fs.readFileSync(path)).digest('hex');
  return { dev, ino, mode, nlink, size, mtimeNs, ctimeNs, sha256 };
}
