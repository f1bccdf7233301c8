import { defineConfig } from 'tsup';
import { base, writeEsm } from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  entry: ['src/index.ts'],
  dts: true,
  clean: true,
  onSuccess: async () => writeEsm('index'),
});
