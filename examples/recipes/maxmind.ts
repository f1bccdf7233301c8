import { MmapFile } from '@fmmap/core';
import { Reader, type Response } from 'mmdb-lib'; // or from 'maxmind', which exports the same

/** A GeoIP database: `openDatabase<CityResponse>('GeoLite2-City.mmdb').reader.get('203.0.113.7')`. */
export function openDatabase<Answer extends Response>(
  path: string,
): { reader: Reader<Answer>; close(): void } {
  const file = MmapFile.open(path);
  try {
    return { reader: new Reader<Answer>(file.asBuffer()), close: () => file.close() };
  } catch (error) {
    file.close(); // not such a database
    throw error;
  }
}
