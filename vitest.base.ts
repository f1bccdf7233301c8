import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './packages/core/test/helpers/skipped.ts';

/** Shared by every package: its vitest.config.ts re-exports this. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--expose-gc'],
    testTimeout: 30_000,
    reporters: ['default', new SkippedReporter()],
    // Loaded by Node: vitest would make a second instance of what such a file requires.
    server: { deps: { external: [/\/dist\/[^/]+\.cjs$/] } },
  },
});
