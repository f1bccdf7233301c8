import type { Options } from 'tsup';

/** Shared by every published package: one CommonJS build, which its esm/ re-exports. */
export const base: Options = {
  format: 'cjs',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  silent: true,
};
