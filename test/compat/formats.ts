import { Table, tableFromIPC, tableToIPC, Uint32, vectorFromArray } from 'apache-arrow';
import * as fflate from 'fflate';
import * as flatbuffers from 'flatbuffers';
import { parquetReadObjects } from 'hyparquet';
import { pack, unpack } from 'msgpackr';
import * as parquet from 'parquet-wasm';
import { PMTiles } from 'pmtiles';
import protobuf from 'protobufjs';
import xxhash from 'xxhash-wasm';
import { z } from 'zod';
import type { Group, Outcome } from './row.js';
import { pattern, type Trial } from './trial.js';

const NUMBERS = Uint32Array.from({ length: 1000 }, (_, index) => index * 0x0101_0101);
const columns = (): Table => new Table({ n: vectorFromArray([...NUMBERS], new Uint32()) });
const numbersOf = (table: Table): Uint32Array => table.getChild('n')?.data[0]?.values;

function parquetFile(): Uint8Array {
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.UNCOMPRESSED)
    .build();
  const table = parquet.Table.fromIPCStream(tableToIPC(columns(), 'stream'));
  return parquet.writeParquet(table, properties);
}

/** Where a file format holds the bytes. */
const payload = (t: Trial): number => t.bytes.indexOf(pattern(1000));

/** An archive with one tile, at zoom 0. */
function tileArchive(tile: Uint8Array): Buffer {
  const header = Buffer.alloc(127);
  header.write('PMTiles\x03');
  const directory = [1, 0, 1, 0x80 | (tile.length & 0x7f), tile.length >> 7, 1];
  const [root, metadata] = [header.length, header.length + directory.length];
  const fields = [root, directory.length, metadata, 2, metadata, 0, metadata + 2, tile.length];
  for (const [index, value] of fields.entries()) {
    header.writeBigUInt64LE(BigInt(value), 8 + index * 8);
  }
  header.set([1, 1, 1, 1], 96); // clustered, nothing compressed, vector tiles
  return Buffer.concat([header, Uint8Array.from(directory), Buffer.from('{}'), tile]);
}

async function readTile(
  t: Trial,
  getBytes: (start: number, end: number) => ArrayBuffer,
): Promise<Outcome> {
  const archive = new PMTiles({
    getKey: () => t.path,
    getBytes: async (offset, length) => ({
      data: getBytes(offset, Math.min(offset + length, t.bytes.length)),
    }),
  });
  const tile = await archive.getZxy(0, 0, 0);
  return await t.keeps(() => tile?.data ?? new Uint8Array(), payload(t), 1000);
}

const message = new protobuf.Type('Message')
  .add(new protobuf.Field('text', 1, 'string'))
  .add(new protobuf.Field('data', 2, 'bytes'));
const VALUE = { text: 'naïve', data: pattern(1000) };

/** A buffer with one vector of bytes. */
function flatbuffer(): Uint8Array {
  const builder = new flatbuffers.Builder();
  builder.finish(builder.createByteVector(pattern(1000)));
  return builder.asUint8Array();
}

export const formats: Group = {
  title: 'File formats, compression, validation',
  packages: [
    'apache-arrow',
    'hyparquet',
    'parquet-wasm',
    'pmtiles',
    'flatbuffers',
    'protobufjs',
    'msgpackr',
    'fflate',
    'xxhash-wasm',
    'zod',
  ],
  rows: [
    {
      name: '`apache-arrow`: `tableFromIPC(view)`',
      content: () => tableToIPC(columns(), 'file'),
      run: (t) => {
        const values = numbersOf(tableFromIPC(t.view));
        const at = t.bytes.indexOf(Buffer.from(NUMBERS.buffer));
        return t.keeps(() => values.subarray(0, NUMBERS.length), at, NUMBERS.byteLength);
      },
    },
    {
      name: '`hyparquet`: `file: view.buffer`',
      content: parquetFile,
      run: async (t) => {
        const rows = await parquetReadObjects({ file: t.view.buffer });
        return t.equal(
          rows.map(({ n }) => n),
          [...NUMBERS],
        );
      },
    },
    {
      name: '`hyparquet`: a file whose `slice` gives `file.bytes(…).buffer`',
      content: parquetFile,
      run: async (t) => {
        const { length } = t.bytes;
        const slice = (start: number, end = length): ArrayBuffer => t.range(start, end).buffer;
        const rows = await parquetReadObjects({ file: { byteLength: length, slice } });
        return t.equal(
          rows.map(({ n }) => n),
          [...NUMBERS],
        );
      },
    },
    {
      name: '`parquet-wasm`: `readParquet(view)`',
      remark: 'copies it into its WebAssembly memory',
      content: parquetFile,
      run: (t) => {
        const table = tableFromIPC(parquet.readParquet(t.view).intoIPCStream());
        return t.same(numbersOf(table).subarray(0, NUMBERS.length), NUMBERS);
      },
    },
    {
      name: '`pmtiles`: a source that gives `file.bytes(…).buffer`',
      content: () => tileArchive(pattern(1000)),
      run: (t) => readTile(t, (start, end) => t.range(start, end).buffer),
    },
    {
      name: '`pmtiles`: a source that gives `view.buffer.slice(…)`',
      content: () => tileArchive(pattern(1000)),
      run: (t) => readTile(t, (start, end) => t.view.buffer.slice(start, end)),
    },
    {
      name: '`flatbuffers`: `new ByteBuffer(view)`',
      content: flatbuffer,
      run: (t) => {
        const buffer = new flatbuffers.ByteBuffer(t.view);
        const at = buffer.readInt32(0) + 4;
        t.equal(buffer.readInt32(at - 4), 1000);
        return t.keeps(() => buffer.bytes().subarray(at, at + 1000), at, 1000);
      },
    },
    {
      name: '`protobufjs`: `decode(view)`',
      content: () => message.encode(VALUE).finish(),
      run: (t) => {
        const { text, data } = message.toObject(message.decode(t.view));
        t.equal(text, VALUE.text);
        return t.keeps(() => data, payload(t), 1000);
      },
    },
    {
      name: '`protobufjs`: `encode({ data: view })`',
      run: (t) => {
        const encoded = Buffer.from(message.encode({ text: '', data: t.view }).finish());
        const at = encoded.indexOf(t.bytes);
        return t.keeps(() => encoded.subarray(at, at + t.bytes.length));
      },
    },
    {
      name: '`msgpackr`: `unpack(view)`',
      content: () => pack(VALUE),
      run: (t) => {
        const { text, data } = unpack(t.view);
        t.equal(text, VALUE.text);
        return t.keeps(() => data, payload(t), 1000);
      },
    },
    {
      name: '`msgpackr`: `pack({ data: view })`',
      run: (t) => {
        const packed = pack({ data: t.view });
        const at = packed.indexOf(t.bytes);
        return t.keeps(() => packed.subarray(at, at + t.bytes.length));
      },
    },
    {
      name: '`fflate`: `gzipSync(view)`, `gunzipSync`',
      run: (t) => t.same(fflate.gunzipSync(fflate.gzipSync(t.view))),
    },
    {
      name: '`fflate`: `gzip(view)`, in a worker',
      run: async (t) => {
        const zipped = await new Promise<Uint8Array>((resolve, reject) => {
          fflate.gzip(t.view, (error, data) => (error ? reject(error) : resolve(data)));
        });
        return t.same(fflate.gunzipSync(zipped));
      },
    },
    {
      name: '`fflate`: `gzip(view, { consume: true })`, in a worker',
      remark:
        'moves the view, which is empty afterwards; the file and its other views are not affected',
      run: async (t) => {
        const zipped = await new Promise<Uint8Array>((resolve, reject) => {
          const options = { consume: true };
          fflate.gzip(t.view, options, (error, data) => (error ? reject(error) : resolve(data)));
        });
        t.equal(t.view.length, 0);
        return t.same(fflate.gunzipSync(zipped));
      },
    },
    {
      name: '`xxhash-wasm`: `h64Raw(view)`',
      remark: 'copies it into its WebAssembly memory',
      run: async (t) => {
        const { h64Raw } = await xxhash();
        return t.equal(String(h64Raw(t.view)), String(h64Raw(t.bytes)));
      },
    },
    {
      name: '`zod`: `z.instanceof(ArrayBuffer)`, `z.instanceof(Uint8Array)`',
      run: (t) => {
        const parsed = z
          .object({ buffer: z.instanceof(ArrayBuffer), view: z.instanceof(Uint8Array) })
          .parse({ buffer: t.view.buffer, view: t.view });
        t.same(parsed.view);
        return t.keeps(() => parsed.buffer);
      },
    },
  ],
};
