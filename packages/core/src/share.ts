// One instance for `import` and `require`: an ES module exports what its CommonJS twin does.
import Module from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What an ES module of a package exports: what `require` has returned before, or else its own values, which `require`
 * will return. Node's cache of CommonJS modules is where they meet, so environments that load modules again, with caches
 * of their own, keep copies of their own.
 * @param url - Of the module. In a bundle, it is the bundle's, or undefined; then the values are its own.
 * @param specifier - By which packages require the twin, which lies next to the module.
 */
export function share<Exports extends object>(
  url: string | undefined,
  specifier: string,
  own: Exports,
): Exports {
  const found = url === undefined ? undefined : twinOf(url, specifier);
  if (!found) return own;
  const { path, cache } = found;
  cache[path] ??= Object.assign(new Module(path), { filename: path, loaded: true, exports: own });
  return cache[path].exports;
}

function twinOf(url: string, specifier: string) {
  try {
    const { resolve, cache } = Module.createRequire(url);
    const path = resolve(specifier); // a package finds itself by its name
    return dirname(path) === dirname(fileURLToPath(url)) ? { path, cache } : undefined;
  } catch {
    return undefined;
  }
}
