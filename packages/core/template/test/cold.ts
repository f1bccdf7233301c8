import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { isWindows } from '../../test/helpers/platform.js';
import { tempFile } from '../../test/helpers/temp.js';

/** A file of `content` that the system holds on the disk alone, where it can be told to. Nobody may have it mapped. */
export function coldFile(content: Uint8Array): string {
  const path = tempFile(content);
  const file = fs.openSync(path, 'r+');
  fs.fsyncSync(file);
  fs.closeSync(file);
  // With this, dd calls posix_fadvise(POSIX_FADV_DONTNEED) for the whole file. Windows lets go of a file when it wants to.
  if (!isWindows) execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
  return path;
}
