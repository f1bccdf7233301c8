import { defineConfig } from 'tsup';

/** What runs in processes of its own, file by file. */
export default defineConfig({
  entry: ['*.ts', '!*.config.ts', '!*.test.ts'],
  format: 'esm',
  target: 'node20',
  bundle: false,
  clean: true,
  silent: true,
});
