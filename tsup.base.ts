// The tsup configuration shared by the published packages.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { transform } from 'esbuild';
import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

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

/** A module, of which esbuild copies all members, even if only its default export is used. */
const COPIED = /(var (import_\w+) = )__toESM\((require\("[^"]+"\)), 1\)/g;

const withoutCopies = (code: string): string =>
  code.replace(COPIED, (all, start, name, module) => {
    const uses = code.match(new RegExp(`\\b${name}\\b(?! =)(?!\\.default\\b)`));
    return uses ? all : `${start}{ default: ${module} }`;
  });

/** What Node reads to find the exports of a CommonJS module, and would be removed as code that never runs. */
const EXPORTS = /^0 && \(module\.exports = \{.*?\n\}\);$/ms;

/** A class whose code names it: esbuild gives it, and that, a name of its own, which errors and stacks would show. */
const RENAMED = /\b(\w+)=class _\1\b/g;

function withNames(code: string): string {
  const names = Array.from(code.matchAll(RENAMED), ([, name]) => name);
  return names.length === 0
    ? code
    : code.replace(new RegExp(`\\b_(${names.join('|')})\\b`, 'g'), '$1');
}

const CAPTURE = `const { ${INTRINSICS.join(', ')} } = globalThis;`;

/** What all modules of all published packages have in common. */
export const base: Options = {
  format: 'cjs',
  target: 'node20',
  silent: true,
  removeNodeProtocol: false,
  external: [/^@fmmap\//],
  // Node reads and compiles all of it whenever a program starts. Names stay: stacks show them.
  plugins: [
    {
      name: 'lean',
      async renderChunk(code) {
        const lean = withoutCopies(code);
        const options = {
          minifySyntax: true,
          minifyWhitespace: true,
          lineLimit: 200,
          target: 'node20',
        };
        const { code: small } = await transform(lean, options);
        const [names = ''] = EXPORTS.exec(code) ?? [];
        return { code: `${withNames(small)}${names}\n` };
      },
    },
  ],
  banner: ({ format }) => ({ js: format === 'cjs' ? `'use strict';\n${CAPTURE}` : CAPTURE }),
  esbuildOptions(options, { format }) {
    // CommonJS has a path where ES modules have a URL; what we do with it takes either.
    if (format === 'cjs') options.define = { ...options.define, 'import.meta.url': '__filename' };
  },
};

/**
 * The build of a module for users: an ES module and its CommonJS twin, and then the types of both.
 * @param specifier - By which users import it.
 */
export function moduleFor(specifier: string, name: string): [Options, Options] {
  const entry = [`src/${name}.ts`];
  writeTypes(name);
  return [
    { ...base, entry, format: ['cjs', 'esm'], esbuildPlugins: [sharing(specifier)] },
    { ...base, entry, dts: { only: true } },
  ];
}

/** Both twins have one set of types: a class with private members is assignable to no other declaration of it. */
export function writeTypes(name: string): void {
  writeFileSync(`dist/${name}.d.ts`, `export * from './${name}.cjs';\n`);
}

/** Makes ES modules export what their CommonJS twins do, if those were loaded first: see `share` of core. */
function sharing(specifier: string): Plugin {
  const isOfCore = specifier === '@fmmap/core/internal';
  return {
    name: 'sharing',
    setup({ esbuild, initialOptions: { format }, onLoad, onResolve }) {
      if (format !== 'esm') return;
      onResolve({ filter: /./ }, ({ kind, path }) =>
        kind === 'entry-point' ? { path, namespace: 'sharing' } : undefined,
      );
      onLoad({ filter: /./, namespace: 'sharing' }, async ({ path }) => {
        const { metafile } = await esbuild.build({
          entryPoints: [path],
          bundle: true,
          packages: 'external',
          external: ['@fmmap/*'],
          format: 'esm',
          write: false,
          metafile: true,
        });
        const [{ exports: names } = { exports: [] }] = Object.values(metafile.outputs);
        const contents = `
          import * as own from '${path}';
          import { share as choose } from '${isOfCore ? './src/share.js' : '@fmmap/core/internal'}';
          export const { ${names.join(', ')} } = choose(import.meta.url, '${specifier}', own);
          ${isOfCore ? '' : "export * from '@fmmap/core';"}`;
        return { contents, loader: 'ts', resolveDir: '.' };
      });
    },
  };
}

// Once, before any of the builds that run at the same time.
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  copyFileSync(new URL(name, import.meta.url), name); // for the published package
}
