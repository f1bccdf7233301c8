// A file of our own, to write to.
import { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** Beside a file, so on the same disk, or else where temporary files are. */
function create(beside: string): { path: string; descriptor: number } {
  let failure: unknown;
  for (const directory of [dirname(beside), tmpdir()]) {
    const path = join(directory, `.fmmap-${process.pid}.tmp`);
    try {
      return { path, descriptor: fs.openSync(path, 'wx+', 0o600) };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Where names can go before files do, nothing is left even if the program is killed. */
const goesAtOnce = process.platform !== 'win32';

/**
 * Makes a file with `size` bytes on the disk for as long as `use` takes.
 * @returns What `use` returns.
 */
export function withScratch<T>(
  beside: string,
  size: number,
  use: (descriptor: number, directory: string) => T,
): T {
  const { path, descriptor } = create(beside);
  try {
    if (goesAtOnce) fs.unlinkSync(path);
    fs.writeSync(descriptor, Buffer.alloc(size, 1));
    fs.fsyncSync(descriptor);
    return use(descriptor, dirname(path));
  } finally {
    fs.closeSync(descriptor);
    if (!goesAtOnce) fs.rmSync(path, { force: true });
  }
}
