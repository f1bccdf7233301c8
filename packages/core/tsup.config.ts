import { defineConfig, type Options } from 'tsup';

const options: Options = {
  format: 'cjs',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  silent: true,
};

export default defineConfig([
  // All of the package once. The public entry picks its names from it, so that there is one instance.
  { ...options, entry: ['src/internal.ts'] },
  {
    ...options,
    entry: ['src/index.ts'],
    esbuildPlugins: [
      {
        name: 'one-instance',
        setup(build) {
          build.onResolve({ filter: /^\.\/internal\.js$/ }, () => ({
            path: './internal.cjs',
            external: true,
          }));
        },
      },
    ],
  },
  { ...options, entry: ['src/index.ts', 'src/internal.ts'], dts: { only: true } },
]);
