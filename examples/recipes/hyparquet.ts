import { AsyncMmapFile } from '@fmmap/node';
import type { AsyncBuffer } from 'hyparquet';

/** A Parquet file as hyparquet takes it: `parquetReadObjects({ file, columns: ['price'] })`. */
export async function openParquet(
  path: string,
): Promise<{ file: AsyncBuffer; close(): Promise<void> }> {
  const mapped = await AsyncMmapFile.open(path);
  const file = {
    byteLength: mapped.length,
    async slice(start: number, end = mapped.length) {
      await mapped.prefetch(start, end - start); // so that the event loop never waits for the disk
      return mapped.bytes(start, end - start).buffer;
    },
  };
  return { file, close: () => mapped.close() };
}
