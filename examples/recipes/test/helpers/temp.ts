import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A path in a folder of its own, which goes with the test. */
export function tempPath(name = 'file'): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-test-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, name);
  fs.mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** The path of a file with this content. */
export function tempFile(content: Uint8Array | string, name?: string): string {
  const path = tempPath(name);
  fs.writeFileSync(path, content);
  return path;
}
