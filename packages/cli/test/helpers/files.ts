// Files whose pages come from a disk and go back to it.
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../../core/test/helpers/temp.js';

/** tmpfs and ramfs, which nothing is evicted from. */
const IN_MEMORY = [0x01021994, 0x858458f6];

const PLACES = [tmpdir(), '/var/tmp', fileURLToPath(new URL('../..', import.meta.url))];

/** A file on a disk, in a directory of its own. */
export function fileOnDisk(content: Uint8Array | string, name = 'file.bin'): string {
  const place = PLACES.find((path) => !IN_MEMORY.includes(fs.statfsSync(path).type));
  if (place === undefined) throw new Error(`none of ${PLACES.join()} is on a disk`);
  const path = join(tempDir(place), name);
  fs.writeFileSync(path, content);
  return path;
}
