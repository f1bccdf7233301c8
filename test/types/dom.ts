import { MmapFile } from '@fmmap/core';

// The types of the web, which distinguish shared memory from unshared.

declare const path: string;

export async function uses(): Promise<void> {
  const file = await MmapFile.open(path);
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>().getWriter();
  const source: BufferSource[] = [file.asBuffer(), file.copyBytes(), file.array(Float64Array)];
  await crypto.subtle.digest('SHA-256', source[0] ?? new Uint8Array());
  void new Blob([file.asBuffer(), file.copyBytes(), file.array(Float32Array)]);
  new WebSocket('ws://localhost').send(file.asBuffer());
  await sink.write(file.bytes(0, 1));

  const shared = await MmapFile.open(path, { shared: true });
  // @ts-expect-error: WebCrypto refuses shared memory
  await crypto.subtle.digest('SHA-256', shared.asBuffer());
  // @ts-expect-error: as does a body
  void new Response(shared.asBuffer());
  // @ts-expect-error: as above
  await fetch('http://localhost', { method: 'POST', body: shared.asBuffer() });
  // @ts-expect-error: as do a blob's parts
  void new Blob([shared.asBuffer()]);
  // @ts-expect-error: as does a stream of bytes
  await sink.write(shared.bytes(0, 1));
  // @ts-expect-error: also as numbers
  await crypto.subtle.digest('SHA-256', shared.array(Float64Array));
  await crypto.subtle.digest('SHA-256', shared.copyBytes());

  const either = await MmapFile.open(path, { shared: Math.random() < 0.5 });
  // @ts-expect-error: it may be shared
  await crypto.subtle.digest('SHA-256', either.asBuffer());
}
