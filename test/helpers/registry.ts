import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

// A registry that has only our packages, as it will have them once they are published: package managers choose from it.

/** @returns Its address. It ends with the process, or when `close` is called. */
export async function serve(archives: readonly string[]) {
  const packages = new Map(archives.map((archive) => described(archive)));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const archive = archives.find((archive) => path === `archives/${basename(archive)}`);
    if (archive !== undefined) {
      response.end(fs.readFileSync(archive));
      return;
    }
    const found = packages.get(path);
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found?.(address()) ?? { error: 'not found' }));
  });
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { address: address(), close: () => server.close() };
}

/** The name of a package, and what a registry says of it. */
function described(archive: string): readonly [string, (address: string) => object] {
  const text = execFileSync('tar', ['-xzOf', archive, 'package/package.json'], {
    encoding: 'utf8',
  });
  const manifest = JSON.parse(text);
  const bytes = fs.readFileSync(archive);
  const describe = (address: string) => {
    const dist = {
      tarball: `${address}/archives/${basename(archive)}`,
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
    };
    return {
      name: manifest.name,
      'dist-tags': { latest: manifest.version },
      versions: { [manifest.version]: { ...manifest, dist } },
      time: { [manifest.version]: '2020-01-01T00:00:00.000Z' },
    };
  };
  return [manifest.name, describe];
}

/** The archives in a folder. */
export const archivesIn = (folder: string): string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(folder, name));
