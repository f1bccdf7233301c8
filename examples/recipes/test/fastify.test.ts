import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import { serveRecords } from '@fmmap/recipes/fastify';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { tempFile } from './helpers/temp.ts';

const SIZE = 1000;
const BYTES = Buffer.from(Uint8Array.from({ length: 500 * SIZE }, (_, at) => (at * 7919) >> 8));

async function served(path: string) {
  const app = fastify();
  onTestFinished(() => app.close());
  const payloads: unknown[] = [];
  app.addHook('onSend', async (_request, _reply, payload) => {
    payloads.push(payload);
  });
  await serveRecords(app, path, SIZE);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const get = async (target: string) => {
    const response = await fetch(url + target, { signal: AbortSignal.timeout(20_000) });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  };
  return { app, get, payloads };
}

test('records are sent, and the whole file', async () => {
  const { get } = await served(tempFile(BYTES));
  for (const n of [0, 7, 499]) {
    const { status, body } = await get(`/records/${n}`);
    expect(status).toBe(200);
    expect(body.equals(BYTES.subarray(n * SIZE, (n + 1) * SIZE))).toBe(true);
  }
  for (const n of ['500', '-1', '1.5', '1e99', 'x']) {
    expect((await get(`/records/${n}`)).status).toBe(404);
  }
  expect((await get('/records')).body.equals(BYTES)).toBe(true);
});

test('fastify is given the memory of the file, which is closed with it', async () => {
  const path = tempFile(BYTES);
  const { app, get, payloads } = await served(path);
  await get('/records/1');
  const [view] = payloads as [Buffer];
  expect(view.equals(BYTES.subarray(SIZE, 2 * SIZE))).toBe(true);
  const file = fs.openSync(path, 'r+');
  fs.writeSync(file, Buffer.from([1, 2, 3]), 0, 3, SIZE);
  fs.closeSync(file);
  expect([...view.subarray(0, 3)]).toEqual([1, 2, 3]);
  await app.close();
  expect(view.every((byte) => byte === 0)).toBe(true);
  MmapFile.open(path, { lock: 'exclusive' }).close();
});
