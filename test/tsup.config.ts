import { defineConfig } from 'tsup';

/** The programs that tests run in their own processes, built file by file, so that they find each other. */
export default defineConfig({
  entry: ['matrix/*.ts', 'at-once/*.ts', 'fuzz/*.ts', 'realms/*.ts'],
  format: 'esm',
  target: 'node20',
  bundle: false,
  clean: true,
  silent: true,
  esbuildOptions(options) {
    options.outbase = '.';
  },
});
