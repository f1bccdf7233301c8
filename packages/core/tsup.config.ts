import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { defineConfig } from 'tsup';
import { base, moduleFor, writeTypes } from '../../tsup.base.ts';

const [values] = moduleFor('@fmmap/core/internal', 'internal');
writeTypes('index');

export default defineConfig([
  { ...values, onSuccess: async () => writeIndex() },
  // Together, so that both modules have the same classes.
  { ...base, entry: ['src/index.ts', 'src/internal.ts'], dts: { only: true } },
]);

/** Takes the public names from the module that has all of the package: a second bundle would have classes of its own. */
function writeIndex(): void {
  const require = createRequire(resolve('package.json'));
  const names = Object.keys(require('./dist/internal.cjs').index);
  const lines = names.map((name) => `exports.${name} = all.${name};`);
  const code = ["'use strict';", "const all = require('./internal.cjs');", ...lines, ''];
  writeFileSync('dist/index.cjs', code.join('\n'));
  writeFileSync('dist/index.js', `export { ${names.join(', ')} } from './internal.js';\n`);
}
