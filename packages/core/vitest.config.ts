import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The conformance suite, too, in place. What it asks of a built package only flavours have.
export default mergeConfig(
  base,
  defineConfig({
    test: {
      include: ['template/test/**/*.test.ts'],
      exclude: [...configDefaults.exclude, 'template/test/**/*.package.test.ts'],
    },
  }),
);
