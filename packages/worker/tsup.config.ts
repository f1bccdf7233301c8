import { defineConfig } from 'tsup';
import { base, moduleFor } from '../../tsup.base.ts';

export default defineConfig([
  ...moduleFor('@fmmap/worker', 'index'),
  // What the threads of the pool load.
  { ...base, entry: ['src/worker.ts'] },
]);
