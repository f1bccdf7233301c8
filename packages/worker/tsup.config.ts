import { defineConfig } from 'tsup';
import { base, writeEsm } from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  // The second one is what the threads of the pool load.
  entry: ['src/index.ts', 'src/worker.ts'],
  dts: { entry: 'src/index.ts' },
  clean: true,
  onSuccess: async () => writeEsm('index'),
});
