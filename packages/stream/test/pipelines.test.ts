import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CompressionStream, TransformStream } from 'node:stream/web';
import { createGunzip, createGzip, gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFile, AsyncMmapFileMut, MmapClosedError, MmapRangeError } from '../src/index.js';
import { opened } from './helpers/files.js';

const content = pattern(5 * 2 ** 20 + 123);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const expected = sha256(content);

/** Of the error that a promise rejects with, or nothing. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}

let file: AsyncMmapFile;
let target: AsyncMmapFileMut;

beforeEach(async () => {
  file = await AsyncMmapFile.open(tempFile(content));
  target = await AsyncMmapFileMut.create(tempFile());
  return async () => {
    await file.close();
    await target.close();
  };
});

describe.each([
  ['views', {}],
  ['copies', { copy: true }],
])('with %s, a file goes', (_, options) => {
  test('through gzip to a file', async () => {
    const path = tempFile();
    await pipeline(
      Readable.fromWeb(file.readable(options)),
      createGzip({ level: 1 }),
      fs.createWriteStream(path),
    );
    expect(sha256(gunzipSync(fs.readFileSync(path)))).toBe(expected);
  });

  test('into a hash', async () => {
    const hash = createHash('sha256');
    await pipeline(Readable.fromWeb(file.readable(options)), hash);
    expect(hash.digest('hex')).toBe(expected);
  });

  test('to an http client, and from there into another file', async () => {
    const server = createServer((_request, response) => {
      pipeline(Readable.fromWeb(file.readable(options)), response).catch(() => {});
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const response = await new Promise<Readable>((resolve, reject) => {
      get({ port, host: '127.0.0.1', agent: false }, resolve).on('error', reject);
    });
    await pipeline(response, Writable.fromWeb(target.writable({ grow: true })));
    expect(target.length).toBe(content.length);
    expect(sha256(fs.readFileSync(target.path))).toBe(expected);
  });

  test('with pipeTo into another file', async () => {
    await file.readable(options).pipeTo(target.writable({ grow: true }));
    expect(sha256(fs.readFileSync(target.path))).toBe(expected);
  });

  test('through web streams, and into a Response', async () => {
    const gzip = new CompressionStream('gzip');
    const zipped = file.readable(options).pipeThrough(gzip as never);
    const chunks: Uint8Array[] = [];
    for await (const chunk of zipped as AsyncIterable<Uint8Array>) chunks.push(chunk);
    expect(sha256(gunzipSync(Buffer.concat(chunks)))).toBe(expected);
    const response = new Response(file.readable(options) as never);
    expect(sha256(new Uint8Array(await response.arrayBuffer()))).toBe(expected);
  });
});

describe('into a file goes', () => {
  test('what fs reads', async () => {
    await pipeline(
      fs.createReadStream(file.path),
      Writable.fromWeb(target.writable({ grow: true })),
    );
    expect(sha256(fs.readFileSync(target.path))).toBe(expected);
  });

  test('what gunzip makes', async () => {
    const zipped = tempFile();
    await pipeline(fs.createReadStream(file.path), createGzip(), fs.createWriteStream(zipped));
    const into = Writable.fromWeb(target.writable({ grow: true }));
    await pipeline(fs.createReadStream(zipped), createGunzip(), into);
    expect(sha256(fs.readFileSync(target.path))).toBe(expected);
  });

  test('a part of itself', async () => {
    const same = await opened(content);
    const source = same.readable({ length: 2 ** 20, chunkSize: 100_000 });
    await source.pipeTo(same.writable({ offset: 2 ** 20 + 1 }));
    const copy = Buffer.from(content);
    copy.copyWithin(2 ** 20 + 1, 0, 2 ** 20);
    expect(same.copyBytes().equals(copy)).toBe(true);
  });
});

describe('a pipeline that fails', () => {
  test('in the middle ends both files’ streams, and trims what grew', async () => {
    let passed = 0;
    const broken = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (passed > 10 ** 6) throw new Error('broken');
        passed += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const source = file.readable({ chunkSize: 65_536 }).pipeThrough(broken);
    expect(await failure(source.pipeTo(target.writable({ grow: true })))).toMatchObject({
      message: 'broken',
    });
    expect(target.length).toBeLessThanOrEqual(passed);
    expect(target.copyBytes().equals(content.subarray(0, target.length))).toBe(true);
    expect(file.readUInt8(0)).toBe(content[0]);
  });

  test('because the source was closed says so', async () => {
    const slow = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        void file.close().then(() => done());
      },
    });
    const error = await failure(pipeline(Readable.fromWeb(file.readable()), slow));
    expect(error).toBeInstanceOf(MmapClosedError);
  });

  test('because the target is too small says so', async () => {
    const small = await opened(Buffer.alloc(1000));
    const source = fs.createReadStream(file.path, { highWaterMark: 600 });
    const error = await failure(pipeline(source, Writable.fromWeb(small.writable())));
    expect(error).toBeInstanceOf(MmapRangeError);
    expect(small.copyBytes(0, 600).equals(content.subarray(0, 600))).toBe(true);
    expect(small.copyBytes(600).equals(Buffer.alloc(400))).toBe(true);
  });

  test('because of its signal ends with an AbortError', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const into = new Writable({
      write(_chunk, _encoding, done) {
        controller.abort();
        done();
      },
    });
    const error = await failure(pipeline(Readable.fromWeb(file.readable()), into, { signal }));
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(file.readUInt8(0)).toBe(content[0]);
  });
});
