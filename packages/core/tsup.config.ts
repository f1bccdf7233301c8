import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { defineConfig } from 'tsup';
import { base, writeEsm } from '../../tsup.base.ts';

export default defineConfig([
  {
    ...base,
    entry: ['src/internal.ts'],
    dts: true,
    clean: true,
    onSuccess: async () => {
      writeIndex();
      writeEsm('index', 'internal');
    },
  },
  // By themselves, or they would lie in a file with all that is internal.
  { ...base, entry: ['src/index.ts'], dts: { only: true } },
]);

/** Takes the public names from the module that has all of the package: a second bundle would have classes of its own. */
function writeIndex(): void {
  const require = createRequire(resolve('package.json'));
  const names = Object.keys(require('./dist/internal.cjs').index);
  const lines = names.map((name) => `exports.${name} = all.${name};`);
  const code = ["'use strict';", "const all = require('./internal.cjs');", ...lines, ''];
  writeFileSync('dist/index.cjs', code.join('\n'));
}
