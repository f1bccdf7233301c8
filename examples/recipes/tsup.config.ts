import { defineConfig } from 'tsup';

/** Built file by file: some of them are threads or programs of their own. */
export default defineConfig({
  entry: ['*.ts', 'data/*.ts', '!*.config.ts'],
  format: 'esm',
  target: 'node20',
  bundle: false,
  clean: true,
  silent: true,
});
