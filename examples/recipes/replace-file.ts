import { MmapFile, MmapIdentityError } from '@fmmap/core';

/**
 * Replaces a file by what `change` returns for its contents. Other processes see the old file or the new one, even after a
 * crash. If one of them replaces the file first, `change` is called again with the new contents.
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
    if (error instanceof MmapIdentityError) return false; // another process was faster
    throw error;
  } finally {
    old.close();
  }
}
