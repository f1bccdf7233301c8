import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

export default defineConfig([
  { ...base, entry: ['src/index.ts'], dts: true },
  // What the threads of the pool load.
  { ...base, entry: ['src/worker.ts'] },
]);
