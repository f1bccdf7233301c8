import * as crypto from 'node:crypto';
import * as util from 'node:util';
import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { pattern, tempFile } from '../helpers/temp.js';

/** Where an empty view comes from. */
const sources: Readonly<Record<string, () => Buffer>> = {
  'bytes of a file': () => MmapFile.open(tempFile(pattern(10))).bytes(5, 0),
  'asBuffer of an empty file': () => MmapFileMut.open(tempFile()).asBuffer(),
  'asBuffer of empty memory': () => MmapFile.memory('name').asBuffer(),
  'a copy of nothing': () => MmapFile.memory('name', 'abc').copyBytes(1, 0),
  'bytes with detachOnClose': () =>
    MmapFile.memory('m', 'abc', { detachOnClose: true }).bytes(0, 0),
  'bytes of a reader': () => MmapFile.memory('name', 'abc').reader().bytes(0),
  'peek at the end': () => MmapFile.memory('name', 'abc').reader(3).peek(5),
};

type Crc = { crc32?: (data: Uint8Array, value?: number) => number };

/** What other code does with it. */
const uses: Readonly<Record<string, (view: Buffer) => unknown>> = {
  'zlib.crc32': (view) => (zlib as Crc).crc32?.(view, 12_345),
  'zlib.deflateSync': (view) => zlib.deflateSync(view),
  'zlib.brotliCompressSync': (view) => zlib.brotliCompressSync(view),
  createHash: (view) => crypto.createHash('sha256').update('a').update(view).digest('hex'),
  createHmac: (view) => crypto.createHmac('sha256', view).update(view).digest('hex'),
  pbkdf2Sync: (view) => crypto.pbkdf2Sync(view, view, 1, 10, 'sha256'),
  createCipheriv: (view) => {
    const cipher = crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16));
    return Buffer.concat([cipher.update(view), cipher.final()]);
  },
  subtle: (view) => crypto.subtle.digest('SHA-256', view).then((hash) => Buffer.from(hash)),
  randomFillSync: (view) => crypto.randomFillSync(view).length,
  timingSafeEqual: (view) => crypto.timingSafeEqual(view, Buffer.alloc(0)),
  concat: (view) => Buffer.concat([Buffer.from('a'), view, Buffer.from('b')]),
  compare: (view) => [Buffer.compare(view, Buffer.from('a')), view.equals(Buffer.alloc(0))],
  search: (view) => [view.indexOf(''), view.indexOf('a'), Buffer.from('abc').indexOf(view)],
  text: (view) => [view.toString(), view.toString('hex'), JSON.stringify(view)],
  inspect: (view) => util.inspect(view),
  memory: (view) => [view.buffer.constructor.name, view.buffer.byteLength, view.byteOffset],
  TextDecoder: (view) => new TextDecoder().decode(view),
  Blob: async (view) => [await new Blob([view, 'a']).text()],
  Response: async (view) => [await new Response(view as never).text()],
  structuredClone: (view) => structuredClone(view),
  transfer: (view) => structuredClone(view, { transfer: [view.buffer as ArrayBuffer] }),
  fill: (view) => view.fill(5).length,
  DataView: (view) => new DataView(view.buffer, view.byteOffset, view.length).byteLength,
};

describe.each(Object.entries(sources))('an empty view, %s,', (_name, make) => {
  test.each(Object.entries(uses))('behaves in %s like Buffer.alloc(0)', async (_name, use) => {
    expect(await use(make())).toEqual(await use(Buffer.alloc(0)));
  });
});
