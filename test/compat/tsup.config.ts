import { defineConfig } from 'tsup';

/** Programs that run in their own processes, each built separately. */
export default defineConfig({
  entry: ['*.ts', '!*.config.ts', '!*.test.ts'],
  format: 'esm',
  target: 'node20',
  bundle: false,
  clean: true,
  silent: true,
});
