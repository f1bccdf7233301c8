// The vitest configuration shared by the packages.
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './packages/core/test/helpers/skipped.ts';
import './scripts/certificates.mjs';

/** Re-exported by the vitest.config.ts of every package. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    execArgv: ['--expose-gc'],
    testTimeout: 30_000,
    chaiConfig: { truncateThreshold: 0 }, // a rare failure may have no other trace than its message
    reporters: ['default', new SkippedReporter()],
    // Loaded by Node: vitest would create a second instance of what such a file requires.
    server: { deps: { external: [/\/dist\/[^/]+\.cjs$/] } },
  },
});
