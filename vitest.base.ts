import { defineConfig } from 'vitest/config';

/** Shared by every package: its vitest.config.ts re-exports this. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--expose-gc'],
    testTimeout: 30_000,
    // Loaded by Node: vitest would make a second instance of what such a file requires.
    server: { deps: { external: [/\/dist\/[^/]+\.cjs$/] } },
  },
});
