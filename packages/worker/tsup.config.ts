import { defineConfig, type Options } from 'tsup';

const options: Options = {
  format: 'cjs',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  silent: true,
};

export default defineConfig([
  { ...options, entry: ['src/index.ts'], dts: true },
  // What the threads of the pool load.
  { ...options, entry: ['src/worker.ts'] },
]);
