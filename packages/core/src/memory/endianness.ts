import os from 'node:os';

/** Whether this machine has the highest byte of a number first, so that typed arrays are not what files hold. */
export function isBigEndian(): boolean {
  return os.endianness() === 'BE';
}
