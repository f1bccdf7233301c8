import { defineConfig } from 'tsup';
import { base, writeEsm } from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  // All of the package once. The public entry picks its names from it, so that there is one instance.
  entry: ['src/internal.ts', 'src/index.ts'],
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
  dts: true,
  clean: true,
  onSuccess: async () => writeEsm('index', 'internal'),
});
