import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

export const FORMATS = ['esm', 'cjs'] as const;
export type Format = (typeof FORMATS)[number];

export interface Bundle {
  /** The modules to start from, by name. */
  readonly input: Readonly<Record<string, string>>;
  readonly format: Format;
  /** Packages that are not put into the bundle. */
  readonly external: readonly string[];
  /** Gets a file for each module, `NAME.mjs` or `NAME.cjs`. */
  readonly outdir: string;
}

const suffix = { esm: '.mjs', cjs: '.cjs' };

/** Each as its users would call it to make programs for Node. */
export const bundlers: Readonly<Record<string, (bundle: Bundle) => Promise<unknown>>> = {
  esbuild: ({ input, format, external, outdir }) =>
    esbuild.build({
      entryPoints: input,
      bundle: true,
      platform: 'node',
      format,
      external: [...external],
      outdir,
      outExtension: { '.js': suffix[format] },
    }),

  async rollup({ input, format, external, outdir }) {
    const plugins = [nodeResolve({ preferBuiltins: true })];
    const bundle = await rollup({ input, external: [...external], plugins });
    await bundle.write({ dir: outdir, format, entryFileNames: `[name]${suffix[format]}` });
  },

  async webpack({ input, format, external, outdir }) {
    const isEsm = format === 'esm';
    const kind = isEsm ? 'module' : 'commonjs';
    const compiler = webpack({
      mode: 'production',
      optimization: { minimize: false }, // which would take most of the time
      target: 'node20',
      entry: input,
      experiments: { outputModule: isEsm },
      externalsType: isEsm ? 'module' : 'commonjs',
      externals: Object.fromEntries(external.map((name) => [name, `${kind} ${name}`])),
      output: { path: outdir, filename: `[name]${suffix[format]}`, module: isEsm },
    });
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
      compiler.run((error, stats) => (error ? reject(error) : resolve(stats)));
    });
    await new Promise((resolve) => compiler.close(resolve));
    if (stats?.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },

  vite: ({ input, format, external, outdir }) =>
    vite.build({
      root: outdir,
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true, external: [...external] },
      build: {
        ssr: true,
        outDir: outdir,
        emptyOutDir: false,
        rollupOptions: { input, output: { format, entryFileNames: `[name]${suffix[format]}` } },
      },
    }),
};
