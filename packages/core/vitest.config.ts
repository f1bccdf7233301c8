import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.base.ts';

// The conformance suite, too, in place. What it asks of a built package only flavours have.
export default mergeConfig(
  base,
  defineConfig({
    test: {
      maxWorkers: '100%', // the longest suite, whose tests mostly wait for processes
      include: ['template/test/**/*.test.ts'],
      exclude: [...configDefaults.exclude, 'template/test/**/*.package.test.ts'],
    },
  }),
);
