import { tableFromArrays, tableToIPC } from 'apache-arrow';
import * as parquet from 'parquet-wasm';

interface Row {
  price: number;
  name: string;
}

/** A file that parquet-wasm writes: compressed with Snappy, in groups of `group` rows. */
export function parquetFile(rows: readonly Row[], group = 1000): Uint8Array {
  const table = tableFromArrays({
    price: Float64Array.from(rows, ({ price }) => price),
    name: rows.map(({ name }) => name),
  });
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.SNAPPY)
    .setMaxRowGroupSize(group)
    .build();
  const columns = parquet.Table.fromIPCStream(tableToIPC(table, 'stream'));
  return parquet.writeParquet(columns, properties);
}
