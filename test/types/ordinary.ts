import { Blob } from 'node:buffer';
import { createHash, webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { MmapFile } from '@fmmap/core';

// A function that takes a Buffer takes a view and a copy.

declare const path: string;

export async function uses(): Promise<void> {
  const file = await MmapFile.open(path);
  for (const view of [file.asBuffer(), file.bytes(0, 1), file.copyBytes()]) {
    await webcrypto.subtle.digest('SHA-256', view);
    await crypto.subtle.digest('SHA-256', view);
    void new Response(view);
    void new Response(view.buffer);
    void new Request('http://localhost', { method: 'POST', body: view });
    await fetch('http://localhost', { method: 'POST', body: view });
    void new Blob([view]);
    void new Float64Array(view.buffer);
    void new DataView(view.buffer, view.byteOffset, view.length);
    structuredClone(view, { transfer: [view.buffer] });
    new MessageChannel().port1.postMessage(view, [view.buffer]);
    createHash('sha256').update(view);
    gzipSync(view);
    writeFileSync(path, view);
    const words: Uint16Array<ArrayBuffer> = new Uint16Array(view.buffer);
    void words;
  }
  await crypto.subtle.digest('SHA-256', file.array(Float64Array));
}
