import { MmapFile, MmapIdentityError } from '@fmmap/core';

/**
 * Replaces a file by what `change` makes of it. Others see the old file or the new one, also after a crash; if one of them
 * has replaced it meanwhile, `change` gets what they have made of it.
 */
export function update(path: string, change: (old: Buffer) => Uint8Array): void {
  while (!isUpdated(path, change));
}

function isUpdated(path: string, change: (old: Buffer) => Uint8Array): boolean {
  const old = MmapFile.open(path);
  try {
    const changed = MmapFile.memory('changed', change(old.asBuffer()));
    try {
      changed.writeToNewFile(path, { replace: old });
      return true;
    } finally {
      changed.close();
    }
  } catch (error) {
    if (error instanceof MmapIdentityError) return false; // another was faster
    throw error;
  } finally {
    old.close();
  }
}
