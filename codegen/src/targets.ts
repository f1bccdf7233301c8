import { accessorFiles } from './accessors.js';
import { flavourSources, flavourTests, readTemplate } from './flavour.js';
import { type Flavour, flavours } from './flavours.js';
import { numericKinds } from './numeric-table.js';
import type { Files } from './print.js';
import { root } from './root.js';

/** A generated folder: nothing else may be in it, and git ignores it. */
export interface Target {
  /** What the command line calls it: the name of its package, which may have several. */
  readonly name: string;
  /** From the root of the repository. */
  readonly folder: string;
  readonly generate: () => Files;
}

const flavourTargets = (flavour: Flavour): Target[] => [
  {
    name: flavour.name,
    folder: `packages/${flavour.name}/src/generated`,
    generate: () => flavourSources(flavour, readTemplate(root)),
  },
  {
    name: flavour.name,
    folder: `packages/${flavour.name}/test/generated`,
    generate: () => flavourTests(readTemplate(root)),
  },
];

/** Everything that is generated. */
export const targets: readonly Target[] = [
  {
    name: 'core',
    folder: 'packages/core/src/memory/generated',
    generate: () => accessorFiles(numericKinds),
  },
  ...flavours.flatMap(flavourTargets),
];
