// One instance for `import` and `require`: an ES module exports what its CommonJS twin does.
import Module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The path of the CommonJS module that `require` finds by a specifier, if it is of the same package as a module; a bundle
 * is of none.
 * @param url - The module's `import.meta.url`: a URL, or a path in CommonJS; undefined in some bundles.
 */
export function twinOf(url: string | undefined, specifier: string): string | undefined {
  if (url === undefined) return undefined;
  try {
    const path = Module.createRequire(url).resolve(specifier); // a package finds itself by its name
    const self = url.startsWith('file:') ? fileURLToPath(url) : url;
    return join(path, '../..') === join(self, '../..') ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What an ES module exports: what `require` has returned before, or else its own values, which `require` will return.
 * They meet in Node's cache of CommonJS modules; so environments that load modules again, into caches of their own, get
 * copies of their own.
 */
export function share<Exports extends object>(
  url: string | undefined,
  specifier: string,
  own: Exports,
): Exports {
  const path = twinOf(url, specifier);
  if (path === undefined) return own;
  const { cache } = Module.createRequire(path);
  cache[path] ??= Object.assign(new Module(path), { filename: path, loaded: true, exports: own });
  return cache[path].exports;
}
