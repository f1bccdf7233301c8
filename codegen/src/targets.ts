import { accessorFiles } from './accessors.js';
import { numericKinds } from './numeric-table.js';
import type { Files } from './print.js';

/** A generated folder: nothing else may be in it, and git ignores it. */
export interface Target {
  /** What the command line calls it: the name of its package. */
  readonly name: string;
  /** From the root of the repository. */
  readonly folder: string;
  readonly generate: () => Files;
}

/** Everything that is generated. */
export const targets: readonly Target[] = [
  {
    name: 'core',
    folder: 'packages/core/src/generated',
    generate: () => accessorFiles(numericKinds),
  },
];
