// The tsup configuration shared by the published packages.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Options } from 'tsup';

/**
 * The JavaScript built-ins that packages use, captured when they are loaded: replacements by tests and polyfills do not
 * affect them later. What they need from Node they import (`packages/core/src/host.ts`).
 */
const INTRINSICS = [
  'Array',
  'ArrayBuffer',
  'Atomics',
  'BigInt',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Date',
  'Error',
  'EvalError',
  'FinalizationRegistry',
  'Float64Array',
  'Function',
  'Int32Array',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'RangeError',
  'Set',
  'SharedArrayBuffer',
  'String',
  'Symbol',
  'TypeError',
  'Uint8Array',
  'WeakMap',
  'WeakRef',
  'WeakSet',
];

/** The build of every published package: CommonJS, re-exported by its esm/. */
export const base: Options = {
  format: 'cjs',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  silent: true,
  external: [/^@fmmap\//],
  banner: { js: `'use strict';\nconst { ${INTRINSICS.join(', ')} } = globalThis;` },
};

/**
 * Writes the modules that `import` finds, with the very objects that `require` returns: two copies of a class would
 * disagree. Each name is spelled out, because Node does not detect those that a CommonJS module re-exports from another
 * package. (Bundlers may not know of a default export.)
 */
export function writeEsm(...entries: readonly string[]): void {
  const require = createRequire(resolve('package.json'));
  mkdirSync('esm', { recursive: true });
  for (const entry of entries) {
    const from = `'../dist/${entry}.cjs'`;
    const names = Object.keys(require(`./dist/${entry}.cjs`)).sort();
    const code = [
      `import * as all from ${from};`,
      'export const {',
      ...names.map((name) => `  ${name},`),
      '} = all.default ?? all;',
    ];
    writeFileSync(`esm/${entry}.js`, `${code.join('\n')}\n`);
    writeFileSync(`esm/${entry}.d.ts`, `export * from ${from};\n`);
  }
}
