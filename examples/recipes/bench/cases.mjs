// Each makes a file, and says how to get a value out of it: with the recipe, and with the same code over `readFile`.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { MmapFile } from '@fmmap/core';
import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import fastify from 'fastify';
import { Builder, ByteBuffer } from 'flatbuffers';
import { parquetReadObjects } from 'hyparquet';
import { Reader } from 'mmdb-lib';
import { readParquet } from 'parquet-wasm';
import { PMTiles } from 'pmtiles';
import protobuf from 'protobufjs';

import { openTable } from '../dist/apache-arrow.js';
import { sumColumn } from '../dist/csv.js';
import { mmdb } from '../dist/data/mmdb.js';
import { parquetFile } from '../dist/data/parquet.js';
import { tileArchive } from '../dist/data/pmtiles.js';
import { EventLog } from '../dist/event-log.js';
import { serveRecords } from '../dist/fastify.js';
import { serveFiles } from '../dist/file-server.js';
import { openRoot } from '../dist/flatbuffers.js';
import { HashIndex } from '../dist/hash-index.js';
import { openParquet } from '../dist/hyparquet.js';
import { openDatabase } from '../dist/maxmind.js';
import { loadTable } from '../dist/parquet-wasm.js';
import { openTiles } from '../dist/pmtiles.js';
import { messages } from '../dist/protobuf-log.js';
import { RingBuffer } from '../dist/ring-buffer.js';

const MB = 2 ** 20;

/** The same numbers each time (xorshift32). */
function numbers(count) {
  let state = 2463534242;
  return Float64Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  });
}

function arrow(path) {
  fs.writeFileSync(path, tableToIPC(tableFromArrays({ price: numbers(16 * MB) }), 'file'));
  const first = (table) => table.getChild('price').get(1_000_000);
  return {
    name: 'apache-arrow: a number of a column',
    async fmmap() {
      const { table, close } = openTable(path);
      return { value: first(table), held: table, close };
    },
    async readFile() {
      const table = tableFromIPC(fs.readFileSync(path));
      return { value: first(table), held: table };
    },
  };
}

const rows = (count) =>
  Array.from(numbers(count), (price, n) => ({ price, name: `item ${price} ${n}` }));

/** Ten rows of a column. */
const someRows = { columns: ['price'], rowStart: 1_000_000, rowEnd: 1_000_010 };

function hyparquet(path) {
  fs.writeFileSync(path, parquetFile(rows(1_500_000), 50_000));
  return {
    name: 'hyparquet: ten rows of a column',
    async fmmap() {
      const { file, close } = await openParquet(path);
      const found = await parquetReadObjects({ file, ...someRows });
      return { value: JSON.stringify(found), held: file, close };
    },
    async readFile() {
      const { buffer } = await fs.promises.readFile(path);
      const found = await parquetReadObjects({ file: buffer, ...someRows });
      return { value: JSON.stringify(found), held: buffer };
    },
  };
}

function parquetWasm(path) {
  fs.writeFileSync(path, parquetFile(rows(300_000), 50_000));
  return {
    name: 'parquet-wasm: all of a table',
    async fmmap() {
      const table = loadTable(path);
      return { value: table.get(200_000), held: table };
    },
    async readFile() {
      const table = tableFromIPC(readParquet(fs.readFileSync(path)).intoIPCStream());
      return { value: table.get(200_000), held: table };
    },
  };
}

function pmtiles(path) {
  const tileOf = (id) => Buffer.alloc(4000, `tile ${id} `);
  fs.writeFileSync(path, tileArchive(20_000, tileOf, false));
  const first = async (archive) => new Uint8Array((await archive.getZxy(5, 20, 20)).data)[5];
  return {
    name: 'pmtiles: a tile',
    async fmmap() {
      const { archive, close } = await openTiles(path);
      return { value: await first(archive), held: archive, close };
    },
    async readFile() {
      const { buffer } = await fs.promises.readFile(path);
      const getBytes = async (offset, length) => ({ data: buffer.slice(offset, offset + length) });
      const archive = new PMTiles({ getKey: () => path, getBytes });
      return { value: await first(archive), held: archive };
    },
  };
}

function maxmind(path) {
  const networks = {};
  for (let n = 0; n < 200_000; ++n) {
    const address = `${10 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0`;
    networks[`${address}/24`] = { city: `a place with the number ${n}`, note: 'x'.repeat(200) };
  }
  fs.writeFileSync(path, mmdb(networks));
  const first = (reader) => reader.get('11.2.3.4').city;
  return {
    name: 'mmdb-lib: an address',
    async fmmap() {
      const { reader, close } = openDatabase(path);
      return { value: first(reader), held: reader, close };
    },
    async readFile() {
      const reader = new Reader(fs.readFileSync(path));
      return { value: first(reader), held: reader };
    },
  };
}

function flatbuffers(path) {
  const builder = new Builder(128 * MB);
  builder.startVector(8, 8 * MB, 8);
  for (const number of numbers(8 * MB)) builder.addFloat64(number);
  builder.finish(builder.endVector());
  fs.writeFileSync(path, builder.asUint8Array());
  const root = (buffer) => buffer;
  const first = (buffer) => buffer.readFloat64(buffer.readInt32(0) + 4 + 8 * 1_000_000);
  return {
    name: 'flatbuffers: a number of a vector',
    async fmmap() {
      const opened = openRoot(path, root);
      return { value: first(opened.root), held: opened, close: opened.close };
    },
    async readFile() {
      const buffer = new ByteBuffer(fs.readFileSync(path));
      return { value: first(buffer), held: buffer };
    },
  };
}

function protobufLog(path) {
  const type = new protobuf.Type('Event').add(new protobuf.Field('data', 1, 'bytes'));
  const one = type.encodeDelimited({ data: Buffer.alloc(1000, 'x') }).finish();
  fs.writeFileSync(path, Buffer.concat(Array(100_000).fill(one)));
  return {
    name: 'protobufjs: the first message of a log',
    async fmmap() {
      const file = MmapFile.open(path);
      const { value } = messages(file, type).next();
      return { value: value.message.data.length, held: file, close: () => file.close() };
    },
    async readFile() {
      const bytes = fs.readFileSync(path);
      const message = type.decodeDelimited(bytes);
      return { value: message.data.length, held: bytes };
    },
  };
}

async function betterSqlite3(path) {
  const { default: Database } = await import('better-sqlite3');
  const { loadDatabase } = await import('../dist/better-sqlite3.js');
  const own = new Database(path);
  own.exec('create table t (n integer primary key, text text)');
  const insert = own.prepare('insert into t values (?, ?)');
  own.transaction(() => {
    for (let n = 0; n < 100_000; ++n) insert.run(n, `${n} `.repeat(100));
  })();
  own.close();
  const first = (database) =>
    database.prepare('select length(text) from t where n = 77777').pluck();
  const answer = (database) => ({
    value: first(database).get(),
    held: database,
    close: () => database.close(),
  });
  return {
    name: 'better-sqlite3: a row',
    fmmap: async () => answer(loadDatabase(path)),
    readFile: async () => answer(new Database(fs.readFileSync(path))),
  };
}

/** A server, whose first answer has 64 KiB. */
async function answered(listener) {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const headers = { Range: 'bytes=1000000-1065535' };
  const options = { headers, port, path: '/file', agent: false };
  const [response] = await once(http.get(options), 'response');
  const body = Buffer.concat(await response.toArray());
  return { value: crc32(body), held: server, close: () => server.close() };
}

function fileServer(path) {
  fs.writeFileSync(path, new Uint8Array(numbers(16 * MB).buffer));
  const serveRead = async (_, response) => {
    const bytes = await fs.promises.readFile(path);
    response.writeHead(206).end(bytes.subarray(1_000_000, 1_065_536));
  };
  return {
    name: 'node:http: 64 KiB of a file',
    fmmap: () => answered(serveFiles(dirname(path))),
    readFile: () => answered(serveRead),
  };
}

function fastifyRecords(path) {
  fs.writeFileSync(path, new Uint8Array(numbers(16 * MB).buffer));
  const answer = async (app) => {
    const response = await app.inject('/records/1000');
    return { value: crc32(response.rawPayload), held: app, close: () => app.close() };
  };
  return {
    name: 'fastify: start, and a record',
    async fmmap() {
      const app = fastify();
      await serveRecords(app, path, 1000);
      return await answer(app);
    },
    async readFile() {
      const app = fastify();
      const bytes = await fs.promises.readFile(path);
      app.get('/records/:number', (request, reply) => {
        const offset = request.params.number * 1000;
        reply.send(bytes.subarray(offset, offset + 1000));
      });
      return await answer(app);
    },
  };
}

function eventLog(path) {
  const log = new EventLog(path);
  for (let n = 0; n < 100_000; ++n) log.append(Buffer.alloc(1000, `${n} `));
  log.close();
  return {
    name: 'event log: open and check all',
    async fmmap() {
      const log = new EventLog(path);
      const [first] = log;
      return { value: first.toString('latin1', 0, 10), held: log, close: () => log.close() };
    },
    async readFile() {
      const bytes = fs.readFileSync(path);
      for (let start = 0; start + 8 <= bytes.length; ) {
        const end = start + 8 + bytes.readUInt32LE(start + 4);
        if (end > bytes.length) break;
        if (crc32(bytes.subarray(start + 4, end)) !== bytes.readUInt32LE(start)) break;
        start = end;
      }
      return { value: bytes.toString('latin1', 8, 18), held: bytes };
    },
  };
}

function hashIndex(path) {
  const index = new HashIndex(path);
  for (let n = 1; n <= 1_000_000; ++n) index.add(BigInt(n) * 0x9e37_79b9n, BigInt(n));
  index.close();
  const key = 777_777n * 0x9e37_79b9n;
  return {
    name: 'hash index: a key',
    async fmmap() {
      const index = new HashIndex(path);
      return { value: index.find(key).next().value, held: index, close: () => index.close() };
    },
    async readFile() {
      const bytes = fs.readFileSync(path);
      const capacity = bytes.readUIntLE(0, 6);
      const start = 16 + (capacity - 1024) * 16;
      const hash = Math.imul(
        Number(key & 0xffff_ffffn) ^ Math.imul(Number(key >> 32n), 0x85eb_ca6b),
        0x9e37_79b1,
      );
      let at = (hash ^ (hash >>> 15)) >>> 0;
      const slot = () => start + (at % capacity) * 16;
      while (bytes.readBigUInt64LE(slot()) !== key) ++at;
      return { value: bytes.readBigUInt64LE(slot() + 8), held: bytes };
    },
  };
}

function csv(path) {
  const text = Array.from(numbers(1_000_000), (price, n) => `${n},item ${n},${price}\n`);
  fs.writeFileSync(path, `id,name,price\n${text.join('')}`);
  return {
    name: 'csv: the sum of a column, two threads',
    fmmap: async () => ({ value: (await sumColumn(path, 2, 2)).sum.toPrecision(8) }),
    async readFile() {
      const lines = fs.readFileSync(path, 'latin1').split('\n');
      let sum = 0;
      for (const line of lines.slice(1)) if (line) sum += Number(line.split(',')[2]);
      return { value: sum.toPrecision(8), held: lines };
    },
  };
}

function ringBuffer(path) {
  const ring = new RingBuffer(path, MB);
  const options = { serialization: 'advanced' };
  const child = fork(new URL('send.mjs', import.meta.url), [path, String(MB)], options);
  return {
    name: 'ring buffer: 20,000 messages, instead of by `process.send`',
    async fmmap() {
      child.send('ring');
      let length = 0;
      for (let n = 0; n < 20_000; ++n) length += (await ring.receive()).length;
      return { value: length };
    },
    async readFile() {
      let [length, count] = [0, 0];
      const all = new Promise((resolve) => {
        child.on('message', (message) => {
          length += message.length;
          if (++count === 20_000) resolve();
        });
      });
      child.send('messages');
      await all;
      child.removeAllListeners('message');
      return { value: length };
    },
    end() {
      child.kill();
      ring.close();
    },
  };
}

export const cases = [
  arrow,
  hyparquet,
  parquetWasm,
  pmtiles,
  maxmind,
  flatbuffers,
  protobufLog,
  betterSqlite3,
  fileServer,
  fastifyRecords,
  eventLog,
  hashIndex,
  csv,
  ringBuffer,
];
