import { Blob, File } from 'node:buffer';
import type { webcrypto } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import type { Group, Outcome } from './row.js';
import { inbox } from './servers.js';
import { type Bytes, bytesOf, pattern, type Trial } from './trial.js';

const { subtle } = globalThis.crypto;

/** The original bytes, through the same function. */
const both = async (t: Trial, call: (bytes: Buffer<ArrayBuffer>) => Promise<Bytes>) =>
  t.same(await call(t.view), await call(t.bytes));

async function fetched(t: Trial, body: BodyInit): Promise<Outcome> {
  using server = await inbox();
  const answer = fetch(server.url, { method: 'POST', body });
  return await t.late(async () => {
    await (await answer).text();
    return await server.body;
  });
}

/** What the server of a web socket receives. */
async function received(t: Trial, data: Bytes | Blob): Promise<Outcome> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const message = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => resolve(data));
    });
  });
  await new Promise((resolve) => server.on('listening', resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  socket.send(data as ArrayBuffer);
  const outcome = await t.late(() => message);
  socket.close();
  for (const client of server.clients) client.terminate();
  server.close();
  return outcome;
}

/** The output of a stream of bytes, or of a pair of streams. */
async function drained(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(stream).arrayBuffer());
}

function piped(view: Uint8Array<ArrayBuffer>, stream: TransformStream): Promise<Buffer> {
  const source = new ReadableStream({
    start(controller) {
      controller.enqueue(view);
      controller.close();
    },
  });
  return drained(source.pipeThrough(stream));
}

const aes = (): Promise<webcrypto.CryptoKey> =>
  subtle.importKey('raw', new Uint8Array(16), 'AES-CTR', true, ['encrypt', 'decrypt']);
const counter = { name: 'AES-CTR', counter: new Uint8Array(16), length: 64 };
const hmac = { name: 'HMAC', hash: 'SHA-256' };

/** A WebAssembly module with one function, `answer`. */
const WASM = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0],
  ...[7, 10, 1, 6, ...Buffer.from('answer'), 0, 0, 10, 6, 1, 4, 0, 0x41, 42, 0x0b],
);
const answer = (instance: WebAssembly.Instance): unknown =>
  (instance.exports.answer as () => number)();

export const web: Group = {
  title: 'Web APIs',
  packages: [],
  rows: [
    {
      name: '`fetch(url, { body: view })`',
      run: (t) => fetched(t, t.view),
    },
    {
      name: '`fetch(url, { body: view.buffer })`',
      run: (t) => fetched(t, t.view.buffer),
    },
    {
      name: '`new Request(url, { body: view })`',
      run: (t) => {
        const request = new Request('http://127.0.0.1/', { method: 'POST', body: t.view });
        return t.late(() => request.arrayBuffer());
      },
    },
    {
      name: '`new Response(view)`',
      run: (t) => {
        const response = new Response(t.view);
        return t.late(() => response.arrayBuffer());
      },
    },
    {
      name: '`new Response(view.buffer)`',
      run: (t) => {
        const response = new Response(t.view.buffer);
        return t.late(() => response.arrayBuffer());
      },
    },
    {
      name: '`new Blob([view])`',
      run: (t) => {
        const blob = new Blob([t.view]);
        return t.keeps(() => blob.arrayBuffer());
      },
    },
    {
      name: '`new Blob([view.buffer])`',
      run: (t) => {
        const blob = new Blob([t.view.buffer]);
        return t.keeps(() => blob.arrayBuffer());
      },
    },
    {
      name: '`new File([view], name)`',
      run: (t) => {
        const file = new File([t.view], 'name');
        return t.keeps(() => file.arrayBuffer());
      },
    },
    {
      name: '`FormData` with a `Blob` of a view',
      run: async (t) => {
        const form = new FormData();
        form.set('file', new globalThis.Blob([t.view]));
        const got = (await new Response(form).formData()).get('file') as globalThis.Blob;
        return await t.keeps(() => got.arrayBuffer());
      },
    },
    {
      name: '`WebSocket.send(view)`',
      exists: () => 'WebSocket' in globalThis,
      run: (t) => received(t, t.view),
    },
    {
      name: '`WebSocket.send(view.buffer)`',
      exists: () => 'WebSocket' in globalThis,
      run: (t) => received(t, t.view.buffer),
    },
    {
      name: '`WebSocket.send(new Blob([view]))`',
      exists: () => 'WebSocket' in globalThis,
      run: (t) => received(t, new Blob([t.view])),
    },
    {
      name: '`crypto.subtle.digest`',
      run: (t) => both(t, (bytes) => subtle.digest('SHA-256', bytes)),
    },
    {
      name: '`crypto.subtle.digest` of `view.buffer`',
      run: async (t) =>
        t.same(
          await subtle.digest('SHA-256', t.view.buffer),
          await subtle.digest('SHA-256', t.bytes),
        ),
    },
    {
      name: '`crypto.subtle.encrypt`, `decrypt`',
      run: async (t) => {
        const key = await aes();
        await both(t, (bytes) => subtle.encrypt(counter, key, bytes));
        return both(t, (bytes) => subtle.decrypt(counter, key, bytes));
      },
    },
    {
      name: '`crypto.subtle.sign`, `verify`',
      run: async (t) => {
        const key = await subtle.importKey('raw', new Uint8Array(32), hmac, false, [
          'sign',
          'verify',
        ]);
        await both(t, (bytes) => subtle.sign('HMAC', key, bytes));
        const signature = await subtle.sign('HMAC', key, t.bytes);
        return t.equal(await subtle.verify('HMAC', key, signature, t.view), true);
      },
    },
    {
      name: "`crypto.subtle.importKey('raw', view)`",
      content: () => pattern(32),
      run: async (t) => {
        const key = await subtle.importKey('raw', t.view, 'AES-GCM', true, ['encrypt']);
        return await t.keeps(() => subtle.exportKey('raw', key));
      },
    },
    {
      name: '`crypto.getRandomValues(view)`',
      content: () => pattern(65_536),
      remark: 'writes into the file',
      run: (t) => {
        const filled = crypto.getRandomValues(t.view);
        if (t.bytes.equals(filled)) throw new Error('not filled');
        return t.wrote(Buffer.from(filled));
      },
    },
    {
      name: '`TextDecoder.decode(view)`',
      run: (t) => {
        const decode = (bytes: Buffer<ArrayBuffer>): string[] =>
          ['utf-8', 'utf-16le', 'latin1'].map((label) => new TextDecoder(label).decode(bytes));
        return t.equal(decode(t.view), decode(t.bytes));
      },
    },
    {
      name: '`TextEncoder.encodeInto(text, view)`',
      content: () => pattern(16),
      remark: 'writes into the file',
      run: (t) => {
        new TextEncoder().encodeInto('0123456789abcdef', t.view);
        return t.wrote(Buffer.from('0123456789abcdef'));
      },
    },
    {
      name: '`ReadableStream` of bytes: `controller.enqueue(view)`',
      remark:
        'moves the view, which is empty afterwards; the file and its other views are not affected',
      run: async (t) => {
        const stream = new ReadableStream({
          type: 'bytes',
          start(controller) {
            controller.enqueue(t.view);
            controller.close();
          },
        });
        const { value } = await stream.getReader().read();
        return await t.moved(() => value as Uint8Array);
      },
    },
    {
      name: '`ReadableStream` of bytes: `reader.read(view)` (BYOB)',
      remark: 'moves the view, and writes into the file',
      run: async (t) => {
        const expected = Buffer.from(t.bytes).fill(0x5a);
        const stream = new ReadableStream({
          type: 'bytes',
          pull(controller) {
            const request = controller.byobRequest as ReadableStreamBYOBRequest;
            (request.view as Uint8Array).fill(0x5a);
            request.respond(expected.length);
          },
        });
        const { value } = await stream.getReader({ mode: 'byob' }).read(t.view);
        t.wrote(expected);
        return await t.moved(() => value as Uint8Array);
      },
    },
    {
      name: '`ReadableStream`, `TransformStream`, `WritableStream` of chunks',
      run: async (t) => {
        const seen: Uint8Array[] = [];
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const end = readable.pipeTo(
          new WritableStream({
            write: (chunk) => {
              seen.push(chunk);
            },
          }),
        );
        const writer = writable.getWriter();
        await writer.write(t.view);
        await writer.close();
        await end;
        return await t.keeps(() => seen[0] as Uint8Array);
      },
    },
    {
      name: '`new Response(stream)` of views',
      run: async (t) => t.same(await piped(t.view, new TransformStream())),
    },
    {
      name: '`CompressionStream`',
      run: async (t) => t.same(gunzipSync(await piped(t.view, new CompressionStream('gzip')))),
    },
    {
      name: '`DecompressionStream`',
      content: () => gzipSync(pattern(100_000)),
      run: async (t) =>
        t.same(await piped(t.view, new DecompressionStream('gzip')), pattern(100_000)),
    },
    {
      name: '`WebAssembly.validate`, `compile`, `instantiate`',
      content: () => WASM,
      run: async (t) => {
        t.equal(WebAssembly.validate(t.view), true);
        t.equal(answer(new WebAssembly.Instance(new WebAssembly.Module(t.view))), 42);
        t.equal(answer(new WebAssembly.Instance(await WebAssembly.compile(t.view.buffer))), 42);
        return t.equal(answer((await WebAssembly.instantiate(t.view)).instance), 42);
      },
    },
    {
      name: '`DataView` over `view.buffer`',
      run: (t) => {
        const data = new DataView(t.view.buffer);
        t.equal(data.getFloat64(8), t.bytes.readDoubleBE(8));
        return t.keeps(() => data);
      },
    },
    {
      name: '`Uint8Array`, `Float64Array`, `BigInt64Array` over `view.buffer`',
      run: (t) => {
        t.same(new Float64Array(t.view.buffer));
        t.same(new BigInt64Array(t.view.buffer));
        const array = new Uint8Array(t.view.buffer);
        return t.keeps(() => array);
      },
    },
    {
      name: '`view.buffer.slice()`, `Uint8Array.from(view)`, `[...view]`',
      run: (t) => {
        t.same(Uint8Array.from(t.view));
        t.same(Uint8Array.of(...[...t.view].slice(0, 1000)), t.bytes.subarray(0, 1000));
        const slice = t.view.buffer.slice();
        return t.keeps(() => slice);
      },
    },
    {
      name: '`view.buffer instanceof ArrayBuffer`, of exactly the bytes of the view',
      run: (t) => {
        t.equal(t.view.buffer instanceof ArrayBuffer, true);
        t.equal([t.view.byteOffset, t.view.buffer.byteLength], [0, t.bytes.length]);
        return t.keeps(() => bytesOf(t.view.buffer));
      },
    },
  ],
};
