import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

export default defineConfig([
  // All of the package once. The public entry picks its names from it, so that there is one instance.
  { ...base, entry: ['src/internal.ts'] },
  {
    ...base,
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
  { ...base, entry: ['src/index.ts', 'src/internal.ts'], dts: { only: true } },
]);
