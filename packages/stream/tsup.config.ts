import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'cjs',
  target: 'node20',
  dts: true,
  sourcemap: true,
  clean: true,
  keepNames: true,
  silent: true,
});
