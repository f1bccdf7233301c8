import * as fs from 'node:fs';

/** Open descriptors of a file, named or not any more: those of the package's own threads come and go. */
export function countDescriptors(path: string): number {
  return fs.readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(path);
    } catch {
      return false; // the one that the directory was read with
    }
  }).length;
}
