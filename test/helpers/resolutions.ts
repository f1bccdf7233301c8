import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** How projects make TypeScript find packages: `moduleResolution`, and the `module` that goes with it. */
export const RESOLUTIONS = {
  nodenext: 'nodenext',
  node16: 'node16',
  bundler: 'esnext',
  node10: 'commonjs',
} as const;
export type Resolution = keyof typeof RESOLUTIONS;

const resolve = createRequire(import.meta.url).resolve;
const NODE_TYPES = dirname(dirname(resolve('@types/node/package.json')));

/** The errors that a version of TypeScript finds in files of a project and in all the declarations that they use. */
export function mistakesOf(
  typescript: string,
  resolution: Resolution,
  project: string,
  files: readonly string[],
): Promise<string> {
  const config = join(project, `tsconfig.${typescript}-${resolution}.json`);
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    module: RESOLUTIONS[resolution],
    moduleResolution: resolution,
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [NODE_TYPES],
  };
  fs.writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const args = [resolve(`${typescript}/bin/tsc`), '-p', config];
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd: project, timeout: 120_000 }, (error, stdout) =>
      done(error && stdout === '' ? error.message : stdout),
    );
  });
}
