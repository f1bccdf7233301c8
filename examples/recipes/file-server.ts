import type { RequestListener } from 'node:http';
import { join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AsyncMmapFile } from '@fmmap/stream';

/** Serves the files of a folder: `http.createServer(serveFiles('public')).listen(8080)`. */
export function serveFiles(folder: string): RequestListener {
  const root = resolve(folder) + sep;
  return async (request, response) => {
    let file: AsyncMmapFile | undefined;
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { Allow: 'GET, HEAD' }).end();
        return;
      }
      const path = pathIn(root, request.url ?? '/');
      if (path) file = await AsyncMmapFile.open(path, { lock: 'none' }).catch(noFile);
      if (!file) {
        response.writeHead(404).end();
        return;
      }
      const { mtimeNs, ino } = await file.stat({ bigint: true });
      const size = file.length;
      const etag = `"${mtimeNs.toString(36)}-${ino.toString(36)}-${size.toString(36)}"`;
      response.setHeader('ETag', etag).setHeader('Accept-Ranges', 'bytes');
      const known = request.headers['if-none-match'];
      if (known === '*' || known?.split(/\s*,\s*/).some((tag) => tag.replace('W/', '') === etag)) {
        response.writeHead(304).end();
        return;
      }
      const condition = request.headers['if-range'];
      const isSame = condition === undefined || condition === etag;
      const range = isSame ? rangeOf(request.headers.range, size) : undefined;
      if (range === 'none') {
        response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
        return;
      }
      const { offset, length } = range ?? { offset: 0, length: size };
      response.setHeader('Content-Length', length);
      if (range)
        response.setHeader('Content-Range', `bytes ${offset}-${offset + length - 1}/${size}`);
      response.writeHead(range ? 206 : 200);
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      // Copies: what waits in the socket has been checked, and is sent even if the file is truncated meanwhile.
      const body = file.readable({ offset, length, copy: true });
      await pipeline(Readable.fromWeb(body), response);
    } catch {
      if (response.headersSent)
        response.destroy(); // or the client would take it for whole
      else response.writeHead(500).end();
    } finally {
      await file?.close();
    }
  };
}

/** The path that a URL stands for, if it is in the folder. */
function pathIn(root: string, url: string): string | undefined {
  try {
    const path = join(root, decodeURIComponent(new URL(url, 'http://host').pathname));
    return path.startsWith(root) && !path.includes('\0') ? path : undefined;
  } catch {
    return undefined; // no URL
  }
}

/** For what is not there, no file, or not for us; anything else, such as too many open files, is our fault. */
function noFile(error: NodeJS.ErrnoException): undefined {
  if (
    !['ENOENT', 'ENOTDIR', 'EISDIR', 'ENODEV', 'EACCES', 'ENAMETOOLONG'].includes(error.code ?? '')
  ) {
    throw error;
  }
}

/** The part that a `Range` header asks for: undefined for all of the file, 'none' if it has no such part. */
function rangeOf(header: string | undefined, size: number) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  const offset = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return offset < end ? { offset, length: end - offset } : 'none';
}
