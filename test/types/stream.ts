import { AsyncMmapFile } from '@fmmap/stream';

// Chunks are never backed by shared memory.

declare const path: string;

export async function streams(): Promise<void> {
  for (const shared of [true, false]) {
    const file = await AsyncMmapFile.open(path, { shared });
    for await (const chunk of file.readable()) {
      const bytes: Uint8Array<ArrayBuffer> = chunk;
      await crypto.subtle.digest('SHA-256', bytes);
    }
  }
}
