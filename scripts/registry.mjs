// A registry that has only our packages, as it will have them once they are published: package managers choose from it.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { run } from './cache.mjs';

/**
 * @param {string} folder - The archives of the packages are in it.
 * @returns Its address. It ends with the process, or when `close` is called.
 */
export async function serve(folder) {
  const archives = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const packages = new Map(archives.map((name) => described(join(folder, name))));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url).slice(1);
    const archive = archives.find((name) => path === `archives/${name}`);
    if (archive !== undefined) {
      response.end(fs.readFileSync(join(folder, archive)));
      return;
    }
    const found = packages.get(path);
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found?.(address()) ?? { error: 'not found' }));
  });
  const address = () => `http://127.0.0.1:${server.address().port}`;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { address: address(), close: () => server.close() };
}

/** The name of a package, and what a registry says of it. */
function described(archive) {
  const manifest = JSON.parse(run('tar', '-xzOf', archive, 'package/package.json'));
  const bytes = fs.readFileSync(archive);
  const describe = (address) => {
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
