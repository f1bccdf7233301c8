import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import { basename, dirname, join } from 'node:path';
import { MmapFileMut } from '@fmmap/core';
import { serveFiles } from '@fmmap/recipes/file-server';
import { expect, onTestFinished, test } from 'vitest';
import { tempFile } from './helpers/temp.ts';

const BYTES = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7919) >> 8));

/** Serves the folder of a file, whose URL it returns. */
async function serve(path: string): Promise<{ url: URL; server: http.Server }> {
  const server = http.createServer(serveFiles(dirname(path))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/${basename(path)}`), server };
}

interface Answer {
  status: number | undefined;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

function get(url: URL, headers: http.OutgoingHttpHeaders = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { headers, method, agent: false, signal: AbortSignal.timeout(20_000) };
    const request = http.request(url, options, async (response) => {
      try {
        const body = Buffer.concat(await response.toArray());
        resolve({ status: response.statusCode, headers: response.headers, body });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject).end();
  });
}

/** Waits until nobody has a file open: a lock on all of it is free then. */
const expectClosed = (path: string): void => {
  const links = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  expect(links).not.toContain(path);
};

test('a file is served whole, and by its parts', async () => {
  const { url } = await serve(tempFile(BYTES));
  const all = await get(url);
  expect(all).toMatchObject({
    status: 200,
    headers: { 'content-length': '1000000', 'accept-ranges': 'bytes' },
  });
  expect(all.body.equals(BYTES)).toBe(true);
  for (const [range, start, end] of [
    ['bytes=0-0', 0, 1],
    ['bytes=1000-501000', 1000, 501_001],
    ['bytes=999999-', 999_999, 1_000_000],
    ['bytes=-10', 999_990, 1_000_000],
    ['bytes=-2000000', 0, 1_000_000],
    ['bytes=5-99999999999999999999', 5, 1_000_000],
  ] as const) {
    const part = await get(url, { range });
    expect({ range, status: part.status }).toEqual({ range, status: 206 });
    expect(part.headers['content-range']).toBe(`bytes ${start}-${end - 1}/1000000`);
    expect(part.body.equals(BYTES.subarray(start, end))).toBe(true);
  }
});

test('what is after the end is refused, and what is no range is ignored', async () => {
  const { url } = await serve(tempFile(BYTES));
  for (const range of ['bytes=1000000-', 'bytes=2000000-3000000', 'bytes=-0']) {
    const { status, headers, body } = await get(url, { range });
    expect({ range, status }).toEqual({ range, status: 416 });
    expect(headers['content-range']).toBe('bytes */1000000');
    expect(body).toHaveLength(0);
  }
  for (const range of ['bytes=5-4', 'bytes=-', 'lines=1-2', 'bytes=0-1,5-6']) {
    const { status, body } = await get(url, { range });
    expect({ range, status, isWhole: body.equals(BYTES) }).toEqual({
      range,
      status: 200,
      isWhole: true,
    });
  }
});

test('HEAD has the headers of GET, and no body', async () => {
  const { url } = await serve(tempFile(BYTES));
  const head = await get(url, {}, 'HEAD');
  expect(head).toMatchObject({ status: 200, headers: { 'content-length': '1000000' } });
  expect(head.body).toHaveLength(0);
  const part = await get(url, { range: 'bytes=1-2' }, 'HEAD');
  expect(part).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 1-2/1000000' } });
  expect(await get(url, {}, 'POST')).toMatchObject({
    status: 405,
    headers: { allow: 'GET, HEAD' },
  });
});

test('a client asks only for what it does not have', async () => {
  const path = tempFile(BYTES);
  const { url } = await serve(path);
  const etag = (await get(url)).headers.etag ?? '';
  expect(etag).toMatch(/^"[^"]+"$/);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    expect(await get(url, { 'if-none-match': known })).toMatchObject({ status: 304 });
  }
  const headers = { range: 'bytes=0-9', 'if-range': etag };
  expect(await get(url, headers)).toMatchObject({ status: 206 });
  fs.writeFileSync(`${path}.new`, 'another');
  fs.renameSync(`${path}.new`, path);
  expect(await get(url, headers)).toMatchObject({ status: 200, body: Buffer.from('another') });
  expect(await get(url, { 'if-none-match': etag })).toMatchObject({ status: 200 });
  const date = new Date().toUTCString();
  expect(await get(url, { range: 'bytes=0-1', 'if-range': date })).toMatchObject({ status: 200 });
});

test('nothing outside of the folder is served, nor what is no file', async () => {
  const path = tempFile('inside', 'folder/inside');
  fs.writeFileSync(join(dirname(path), '../outside'), 'outside');
  fs.writeFileSync(join(dirname(path), 'näme %2f'), 'odd');
  fs.writeFileSync(join(dirname(path), 'empty'), '');
  fs.symlinkSync('/dev/null', join(dirname(path), 'device'));
  const { url } = await serve(path);
  const raw = async (target: string) => {
    const socket = net.connect(Number(url.port), '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    return Buffer.concat(await socket.toArray()).toString();
  };
  for (const target of ['/../outside', '/..%2foutside', '/%2e%2e/outside', '/a/../../outside']) {
    expect(await raw(target)).toMatch(/^HTTP\/1.1 404 /);
  }
  for (const target of [
    '/',
    '/missing',
    '/inside/',
    '/device',
    '/%00',
    '/%',
    `/${'x'.repeat(5000)}`,
  ]) {
    expect(await raw(target)).toMatch(/^HTTP\/1.1 404 /);
  }
  expect(await raw('/inside')).toMatch(/inside$/);
  expect(await raw('/n%C3%A4me%20%252f')).toMatch(/odd$/);
  expect(await raw('/empty')).toMatch(/Content-Length: 0/);
});

test('many clients at once get what they ask for', async () => {
  const path = tempFile(BYTES);
  const { url } = await serve(path);
  const ranges = Array.from({ length: 60 }, (_, n) => [n * 1000, n * 1000 + 400_000] as const);
  const parts = await Promise.all(
    ranges.map(([start, end]) => get(url, { range: `bytes=${start}-${end - 1}` })),
  );
  for (const [n, [start, end]] of ranges.entries()) {
    expect(parts[n]?.body.equals(BYTES.subarray(start, end))).toBe(true);
  }
  await expect.poll(() => expectClosed(path)).toBeUndefined();
});

test('a client that leaves ends its request, and no other', async () => {
  const path = tempFile('');
  fs.truncateSync(path, 64 * 2 ** 20); // more than sockets hold
  const { url } = await serve(path);
  const request = http.get(url, { agent: false });
  const [response] = await once(request, 'response', { signal: AbortSignal.timeout(20_000) });
  await once(response, 'readable', { signal: AbortSignal.timeout(20_000) });
  request.destroy();
  expect((await get(url, { range: 'bytes=5-9' })).body).toEqual(Buffer.alloc(5));
  await expect.poll(() => expectClosed(path), { timeout: 20_000 }).toBeUndefined();
});

test.each([
  ['to nothing', 0],
  ['within the page of its last byte', 32 * 2 ** 20 - 5],
])('a file that is truncated %s meanwhile breaks the connection off', async (_, size) => {
  const path = tempFile(Buffer.alloc(32 * 2 ** 20, 'x'));
  const { url } = await serve(path);
  const request = http.get(url, { agent: false });
  const [response] = await once(request, 'response', { signal: AbortSignal.timeout(20_000) });
  await once(response, 'readable', { signal: AbortSignal.timeout(20_000) });
  fs.truncateSync(path, size);
  let wrong = 0;
  let received = 0;
  const reading = (async () => {
    for await (const chunk of response) {
      received += chunk.length;
      for (const byte of chunk) if (byte !== 120) ++wrong;
    }
  })();
  await expect(reading).rejects.toThrow(/aborted/);
  expect(received).toBeLessThan(32 * 2 ** 20);
  expect(wrong).toBe(0);
  await expect.poll(() => expectClosed(path)).toBeUndefined();
});

test('what waits in a socket is not a view, which would show what becomes of the file', async () => {
  const path = tempFile(BYTES);
  const listener = serveFiles(dirname(path));
  const chunks: Buffer[] = [];
  const server = http.createServer((request, response) => {
    const write = response.write.bind(response);
    response.write = ((chunk: Buffer, ...rest: []) => {
      chunks.push(chunk);
      return write(chunk, ...rest);
    }) as typeof response.write;
    listener(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  await get(new URL(`http://127.0.0.1:${port}/${basename(path)}`));
  server.close();
  expect(Buffer.concat(chunks).equals(BYTES)).toBe(true); // after the file was closed
});

test('a file is served while a writer has it locked', async () => {
  const path = tempFile(BYTES);
  const { url } = await serve(path);
  const writer = MmapFileMut.openExisting(path);
  expect(await get(url)).toMatchObject({ status: 200 });
  writer.close();
});
