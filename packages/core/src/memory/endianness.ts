// The byte order of this machine.
import os from 'node:os';

/** Whether this machine is big-endian, so that typed arrays do not match the byte order of files. */
export function isBigEndian(): boolean {
  return os.endianness() === 'BE';
}
