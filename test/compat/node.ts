import { transcode } from 'node:buffer';
import { execFileSync, spawn } from 'node:child_process';
import * as crypto from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { PassThrough, pipeline, Readable, type Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { StringDecoder } from 'node:string_decoder';
import { isDeepStrictEqual, promisify } from 'node:util';
import * as v8 from 'node:v8';
import { Script } from 'node:vm';
import * as zlib from 'node:zlib';
import type { Group, Outcome } from './row.js';
import { type Bytes, pattern, type Trial } from './trial.js';

/** Compares the result for the view with that for a copy of it. */
const both = (t: Trial, call: (bytes: Buffer) => Bytes): 'used' =>
  t.same(call(t.view), call(t.bytes));

/** Written to a path of the trial's own, and read back. */
async function written(t: Trial, write: (path: string) => unknown): Promise<Outcome> {
  const path = `${t.path}.out`;
  await write(path);
  return t.same(fs.readFileSync(path));
}

async function opened<T>(path: string, use: (fd: number) => T): Promise<Awaited<T>> {
  const fd = fs.openSync(path, 'w');
  try {
    return await use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The output of a zlib stream for the view, decompressed. */
async function streamed(t: Trial, forth: Transform, back: Transform): Promise<Outcome> {
  const end = buffer(forth.pipe(back));
  forth.end(t.view);
  return t.same(await end);
}

const key = pattern(32);
const iv = pattern(16);

// Parts of Node that are newer than the types of Node 20.
const { crc32, zstdCompressSync, zstdDecompressSync } = zlib as typeof zlib & {
  crc32?: (bytes: Uint8Array) => number;
  zstdCompressSync?: (bytes: Uint8Array) => Buffer;
  zstdDecompressSync?: (bytes: Uint8Array) => Buffer;
};
const { hash } = crypto as typeof crypto & {
  hash?: (name: string, bytes: Uint8Array) => string;
};

const SOURCE = 'globalThis.answer = (() => 42)();';

export const node: Group = {
  title: 'Node.js',
  packages: [],
  rows: [
    {
      name: '`crypto.createHash`, `createHmac`',
      run: (t) => {
        both(t, (bytes) => crypto.createHmac('sha256', key).update(bytes).digest());
        return both(t, (bytes) => crypto.createHash('sha256').update(bytes).digest());
      },
    },
    {
      name: '`crypto.hash`',
      exists: () => hash !== undefined,
      run: (t) => t.equal(hash?.('sha256', t.view), hash?.('sha256', t.bytes)),
    },
    {
      name: '`crypto.createCipheriv`, `createDecipheriv`',
      run: (t) => {
        both(t, (bytes) => crypto.createCipheriv('aes-256-ctr', key, iv).update(bytes));
        return both(t, (bytes) => crypto.createDecipheriv('aes-256-ctr', key, iv).update(bytes));
      },
    },
    {
      name: '`crypto.sign`, `verify`',
      run: (t) => {
        const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519');
        const signature = crypto.sign(null, t.view, privateKey);
        return t.equal(crypto.verify(null, t.view, publicKey, signature), true);
      },
    },
    {
      name: '`crypto.createSecretKey(view)`',
      run: (t) => {
        const secret = crypto.createSecretKey(t.view);
        return t.keeps(() => secret.export());
      },
    },
    {
      name: '`crypto.scrypt`, `pbkdf2`, `hkdf`, on the thread pool',
      content: () => pattern(1000),
      run: async (t) => {
        const derive = async (bytes: Buffer): Promise<Buffer> =>
          Buffer.concat([
            await promisify<Buffer, Buffer, number, Buffer>(crypto.scrypt)(bytes, bytes, 32),
            await promisify(crypto.pbkdf2)(bytes, bytes, 10, 32, 'sha256'),
            Buffer.from(await promisify(crypto.hkdf)('sha256', bytes, bytes, bytes, 32)),
          ]);
        return t.same(await derive(t.view), await derive(t.bytes));
      },
    },
    {
      name: '`crypto.timingSafeEqual`',
      run: (t) => t.equal(crypto.timingSafeEqual(t.view, t.bytes), true),
    },
    {
      name: '`crypto.randomFill(view)`, `randomFillSync`',
      remark: 'writes into the file',
      run: async (t) => {
        await promisify<Uint8Array, Uint8Array>(crypto.randomFill)(t.view);
        const first = Buffer.from(t.view);
        if (first.equals(t.bytes)) throw new Error('not filled');
        t.wrote(first);
        crypto.randomFillSync(t.view);
        if (first.equals(t.view)) throw new Error('not filled');
        return t.wrote(Buffer.from(t.view));
      },
    },
    {
      name: '`zlib.gzipSync`, `deflateSync`, `deflateRawSync`',
      run: (t) => {
        t.same(zlib.gunzipSync(zlib.gzipSync(t.view)));
        t.same(zlib.inflateSync(zlib.deflateSync(t.view)));
        return t.same(zlib.inflateRawSync(zlib.deflateRawSync(t.view.buffer)));
      },
    },
    {
      name: '`zlib.gzip`, `deflate`',
      run: async (t) => {
        t.same(zlib.inflateSync(await promisify(zlib.deflate)(t.view.buffer)));
        return t.same(zlib.gunzipSync(await promisify(zlib.gzip)(t.view)));
      },
    },
    {
      name: '`zlib.gunzipSync`, `gunzip`, of a compressed file',
      content: () => zlib.gzipSync(pattern(100_000)),
      run: async (t) => {
        t.same(zlib.gunzipSync(t.view), pattern(100_000));
        return t.same(await promisify(zlib.gunzip)(t.view), pattern(100_000));
      },
    },
    {
      name: '`zlib.createGzip`, `createGunzip`',
      run: (t) => streamed(t, zlib.createGzip(), zlib.createGunzip()),
    },
    {
      name: '`zlib.brotliCompressSync`, `brotliCompress`',
      run: async (t) => {
        t.same(zlib.brotliDecompressSync(zlib.brotliCompressSync(t.view)));
        const compressed = await promisify(zlib.brotliCompress)(t.view);
        return t.same(zlib.brotliDecompressSync(compressed));
      },
    },
    {
      name: '`zlib.createBrotliCompress`, `createBrotliDecompress`',
      run: (t) => streamed(t, zlib.createBrotliCompress(), zlib.createBrotliDecompress()),
    },
    {
      name: '`zlib.zstdCompressSync`, `zstdDecompressSync`',
      exists: () => zstdCompressSync !== undefined,
      run: (t) =>
        t.same(zstdDecompressSync?.(zstdCompressSync?.(t.view) ?? t.view) ?? new Uint8Array()),
    },
    {
      name: '`zlib.crc32`',
      exists: () => crc32 !== undefined,
      run: (t) => t.equal(crc32?.(t.view), crc32?.(t.bytes)),
    },
    {
      name: '`fs.writeSync`, `writevSync`, `writeFileSync`, `appendFileSync`',
      run: async (t) => {
        await written(t, (path) => opened(path, (fd) => fs.writeSync(fd, t.view)));
        await written(t, (path) => opened(path, (fd) => fs.writevSync(fd, [t.view])));
        await written(t, (path) => fs.writeFileSync(path, t.view));
        fs.rmSync(`${t.path}.out`);
        return await written(t, (path) => fs.appendFileSync(path, t.view));
      },
    },
    {
      name: '`fs.write`, `writev`, `writeFile`',
      run: async (t) => {
        await written(t, (path) => opened(path, (fd) => promisify(fs.write)(fd, t.view)));
        await written(t, (path) => opened(path, (fd) => promisify(fs.writev)(fd, [t.view])));
        return await written(t, (path) => promisify(fs.writeFile)(path, t.view));
      },
    },
    {
      name: '`fs.promises`: `writeFile`, `fileHandle.write`, `writev`, `writeFile`',
      run: async (t): Promise<Outcome> => {
        await written(t, (path) => fs.promises.writeFile(path, t.view));
        for (const write of [
          (handle: fs.promises.FileHandle) => handle.write(t.view),
          (handle: fs.promises.FileHandle) => handle.writev([t.view]),
          (handle: fs.promises.FileHandle) => handle.writeFile(t.view),
        ]) {
          await written(t, async (path) => {
            const handle = await fs.promises.open(path, 'w');
            await write(handle);
            await handle.close();
          });
        }
        return 'used';
      },
    },
    {
      name: '`fs.createWriteStream`',
      run: (t) =>
        written(t, (path) =>
          promisify(pipeline)(Readable.from([t.view]), fs.createWriteStream(path)),
        ),
    },
    {
      name: '`fs.readSync`, `read`, `readv` into a view',
      remark: 'writes into the file',
      run: async (t): Promise<Outcome> => {
        const path = `${t.path}.in`;
        const expected = Buffer.from(t.bytes).reverse();
        fs.writeFileSync(path, expected);
        const fd = fs.openSync(path, 'r');
        for (const read of [
          () => fs.readSync(fd, t.view, 0, t.view.length, 0),
          () => promisify(fs.read)(fd, t.view, 0, t.view.length, 0),
          () => promisify(fs.readv)(fd, [t.view], 0),
        ]) {
          t.view.fill(1);
          await read();
          t.wrote(expected);
        }
        fs.closeSync(fd);
        return 'used';
      },
    },
    {
      name: '`stream`: `Readable.from`, `pipe`, `Transform`',
      run: async (t) => {
        const chunks: Buffer[] = [];
        for await (const chunk of Readable.from([t.view]).pipe(new PassThrough())) {
          chunks.push(chunk);
        }
        return await t.keeps(() => chunks[0] ?? new Uint8Array());
      },
    },
    {
      name: '`stream`: `Readable.toWeb`',
      run: async (t) => {
        const chunks: Uint8Array[] = [];
        const source = Readable.from([t.view], { objectMode: false });
        for await (const chunk of Readable.toWeb(source)) chunks.push(chunk);
        return await t.keeps(() => chunks[0] ?? new Uint8Array());
      },
    },
    {
      name: '`dgram`: `socket.send(view)`',
      content: () => pattern(8000),
      run: async (t) => {
        const [from, to] = [createSocket('udp4'), createSocket('udp4')];
        to.bind(0, '127.0.0.1');
        await once(to, 'listening');
        const message = once(to, 'message');
        from.send(t.view, to.address().port, '127.0.0.1');
        const [received] = await message;
        from.close();
        to.close();
        return t.same(received);
      },
    },
    {
      name: '`child_process`: `child.stdin.write(view)`',
      run: async (t) => {
        const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
        const output = buffer(child.stdout);
        child.stdin.end(t.view);
        return t.same(await output);
      },
    },
    {
      name: '`child_process`: `execFileSync(…, { input: view })`',
      run: (t) => t.same(execFileSync('cat', { input: t.view })),
    },
    {
      name: '`v8.deserialize(view)`',
      content: () => v8.serialize(pattern(1000)),
      run: (t) => {
        const data = v8.deserialize(t.view);
        return t.keeps(() => data, t.bytes.indexOf(pattern(1000)), 1000);
      },
    },
    {
      name: '`v8.serialize(view)`',
      run: (t) => {
        const serialized = v8.serialize(t.view);
        const found = serialized.indexOf(t.bytes);
        return t.keeps(() => serialized.subarray(found, found + t.bytes.length));
      },
    },
    {
      name: '`new vm.Script(…, { cachedData: view })`',
      content: () => new Script(SOURCE).createCachedData(),
      run: (t) => {
        const script = new Script(SOURCE, { cachedData: t.view });
        return t.equal([script.cachedDataRejected, script.runInThisContext()], [false, 42]);
      },
    },
    {
      name: '`Buffer.from(view.buffer)`, `view.subarray`',
      run: (t) => {
        t.same(t.view.subarray(1, 100), t.bytes.subarray(1, 100));
        const other = Buffer.from(t.view.buffer);
        return t.keeps(() => other);
      },
    },
    {
      name: '`Buffer.from(view)`, `Buffer.concat`',
      run: (t) => {
        t.same(Buffer.from(t.view));
        const all = Buffer.concat([t.view, t.view]);
        t.same(all.subarray(t.bytes.length));
        return t.keeps(() => all.subarray(0, t.bytes.length));
      },
    },
    {
      name: '`Buffer`: `compare`, `equals`, `indexOf`, `lastIndexOf`, `includes`, `copy`',
      run: (t) => {
        const some = t.bytes.subarray(100, 200);
        t.equal([t.view.compare(t.bytes), Buffer.compare(t.bytes, t.view)], [0, 0]);
        t.equal(t.view.equals(t.bytes) && t.view.includes(some), true);
        t.equal(t.view.indexOf(some), t.bytes.indexOf(some));
        t.equal(t.view.lastIndexOf(some), t.bytes.lastIndexOf(some));
        t.equal(t.bytes.indexOf(t.view.subarray(100, 200)), t.bytes.indexOf(some));
        const target = Buffer.alloc(t.bytes.length);
        t.view.copy(target);
        return t.same(target);
      },
    },
    {
      name: '`Buffer`: `toString`, `toJSON`, `read…`, `StringDecoder`, `transcode`',
      run: (t) => {
        for (const encoding of ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64'] as const) {
          t.equal(t.view.toString(encoding), t.bytes.toString(encoding));
          const decode = (bytes: Buffer): string => new StringDecoder(encoding).end(bytes);
          t.equal(decode(t.view), decode(t.bytes));
        }
        t.equal(t.view.toJSON(), t.bytes.toJSON());
        t.equal(t.view.readDoubleLE(8), t.bytes.readDoubleLE(8));
        t.equal(isDeepStrictEqual(t.view, t.bytes), true);
        return both(t, (bytes) => transcode(bytes, 'latin1', 'utf16le'));
      },
    },
    {
      name: '`Buffer`: `fill`, `write`, `write…`, `set`, `reverse`, `swap64`',
      remark: 'writes into the file',
      run: (t) => {
        const change = (bytes: Buffer): Buffer => {
          bytes.fill('ab', 10, 20).write('text', 30);
          bytes.writeDoubleBE(1.5, 40);
          bytes.set([1, 2, 3], 50);
          bytes.reverse();
          return bytes.swap64();
        };
        change(t.view);
        return t.wrote(change(Buffer.from(t.bytes)));
      },
    },
    {
      name: '`Buffer`: `swap16`, `swap32`, `swap64` of a copy-on-write map',
      remark: 'the file is unchanged',
      cow: true,
      run: (t) => {
        const swap = (bytes: Buffer): Buffer => bytes.swap16().swap32().swap64();
        swap(t.view);
        const expected = swap(Buffer.from(t.bytes));
        const onDisk = fs.readFileSync(t.path);
        t.equal(onDisk.includes(t.bytes), true);
        return t.wrote(expected);
      },
    },
  ],
};
