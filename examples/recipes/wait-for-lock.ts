import { AsyncMmapFileMut } from '@fmmap/node';

/**
 * Lets `use` have a file that other processes write as well: one after the other, each for as long as its `use` takes.
 * Waiting for them occupies no thread, and ends with the signal, or after ten seconds (`MmapLockError`, `ETIMEDOUT`).
 */
export async function withLock<Result>(
  path: string,
  use: (file: AsyncMmapFileMut) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const options = { maxSize: 4096, lockTimeout: 10_000, signal };
  const file = await AsyncMmapFileMut.open(path, options);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
