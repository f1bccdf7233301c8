import * as fs from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import vm from 'node:vm';

const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Modules that are loaded again, as in test environments: in a realm of their own, or in this one. Modules of Node
 * and addons are shared.
 */
export class Modules {
  readonly #context: vm.Context | undefined;
  readonly #loaded = new Map<string, { exports: unknown }>();

  constructor(context?: vm.Context) {
    this.#context = context;
  }

  load<T = Record<string, never>>(name: string, from: string = import.meta.url): T {
    const require = createRequire(from);
    const path = isBuiltin(name) ? name : require.resolve(name);
    if (isBuiltin(name) || path.endsWith('.node')) return require(path);
    const known = this.#loaded.get(path);
    if (known) return known.exports as T;
    const module = { exports: {} as unknown };
    this.#loaded.set(path, module);
    const source = fs.readFileSync(path, 'utf8');
    if (path.endsWith('.json')) module.exports = JSON.parse(source);
    else {
      const run = vm.compileFunction(source, PARAMETERS, {
        filename: path,
        ...(this.#context && { parsingContext: this.#context }),
      });
      const inner = Object.assign((id: string) => this.load(id, path), {
        resolve: require.resolve,
      });
      run.call(module.exports, module.exports, inner, module, path, dirname(path));
    }
    return module.exports as T;
  }
}
