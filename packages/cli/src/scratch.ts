// A file of our own, to write to.
import { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** Where names can go before files do, nothing is left even if the program is killed. */
const goesAtOnce = process.platform !== 'win32';

interface Scratch {
  readonly directory: string;
  readonly path: string;
  readonly descriptor: number;
}

function create(directory: string, size: number): Scratch {
  const path = join(directory, `.fmmap-${process.pid}.tmp`);
  const scratch = { directory, path, descriptor: fs.openSync(path, 'wx+', 0o600) };
  try {
    if (goesAtOnce) fs.unlinkSync(path);
    fs.writeFileSync(scratch.descriptor, Buffer.alloc(size, 1)); // all of it, or an error
    fs.fsyncSync(scratch.descriptor);
  } catch (error) {
    end(scratch);
    throw error;
  }
  return scratch;
}

function end({ path, descriptor }: Scratch): void {
  fs.closeSync(descriptor);
  if (!goesAtOnce) fs.rmSync(path, { force: true });
}

/** Beside a file, so on the same disk, or else where temporary files are. */
function createNear(beside: string, size: number): Scratch {
  try {
    return create(dirname(beside), size);
  } catch {
    return create(tmpdir(), size);
  }
}

/**
 * Makes a file with `size` bytes on the disk for as long as `use` takes.
 * @returns What `use` returns.
 */
export function withScratch<T>(
  beside: string,
  size: number,
  use: (descriptor: number, directory: string) => T,
): T {
  const scratch = createNear(beside, size);
  try {
    return use(scratch.descriptor, scratch.directory);
  } finally {
    end(scratch);
  }
}
