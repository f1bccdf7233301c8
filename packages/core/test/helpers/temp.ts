import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of the running test's own, open to every user, gone when the test has ended. */
export function tempDir(parent: string = tmpdir()): string {
  const directory = fs.mkdtempSync(join(parent, 'fmmap-test-'));
  fs.chmodSync(directory, 0o755);
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A file in a new temporary directory: with `content`, or not there at all without. */
export function tempFile(content?: Uint8Array | string, name = 'file.bin'): string {
  const path = join(tempDir(), name);
  if (content !== undefined) fs.writeFileSync(path, content);
  return path;
}

/** `length` bytes, each different from its neighbours, and from those a page further on. */
export function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
}

/** Everything about a file that nobody may have changed, its content included. */
export function snapshot(path: string): object {
  const { dev, ino, mode, nlink, size, mtimeNs, ctimeNs } = fs.lstatSync(path, { bigint: true });
  const sha256 = createHash('sha256').update(fs.readFileSync(path)).digest('hex');
  return { dev, ino, mode, nlink, size, mtimeNs, ctimeNs, sha256 };
}
