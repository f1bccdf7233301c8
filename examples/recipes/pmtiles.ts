import { AsyncMmapFile } from '@fmmap/node';
import { PMTiles } from 'pmtiles';

/** A tile archive: `await archive.getZxy(z, x, y)`. */
export async function openTiles(
  path: string,
): Promise<{ archive: PMTiles; close(): Promise<void> }> {
  const file = await AsyncMmapFile.open(path);
  const archive = new PMTiles({
    getKey: () => path,
    async getBytes(offset, length, signal) {
      const some = Math.min(length, file.length - offset); // it asks for the first 16 KiB of any archive
      await file.prefetch(offset, some, { signal }); // so that the event loop never waits for the disk
      return { data: file.bytes(offset, some).buffer };
    },
  });
  return { archive, close: () => file.close() };
}
