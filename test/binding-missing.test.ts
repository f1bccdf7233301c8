import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { installed, type Ran, run } from './helpers/packed.js';
import { tempDir } from './helpers/program.js';

// The error when the binding cannot be loaded, and whether its advice is right.

const NATIVE = fileURLToPath(new URL('../native', import.meta.url));
const LOADER = dirname(createRequire(join(NATIVE, 'index.js')).resolve('node-gyp-build'));

const LOAD = `try { require('@fmmap/native') } catch (error) { console.log(error.message) }`;

/** Loads the binding in a project. */
function load(project: string, ...flags: readonly string[]): string {
  const ran: Ran = run(project, process.execPath, ...flags, '-e', LOAD);
  return ran.stdout + ran.stderr;
}

/** A project with certain files and the package of the binding, but without the compiled binding. */
function project(signs: readonly string[], at = 'node_modules/@fmmap/native'): string {
  const directory = tempDir();
  const target = join(directory, at);
  for (const name of ['index.js', 'failure.js', 'package.json']) {
    fs.cpSync(join(NATIVE, name), join(target, name));
  }
  fs.cpSync(LOADER, join(target, 'node_modules/node-gyp-build'), { recursive: true });
  for (const sign of signs) {
    fs.mkdirSync(dirname(join(directory, sign)), { recursive: true });
    fs.writeFileSync(join(directory, sign), '');
  }
  return directory;
}

const NPM = '`npm rebuild @fmmap/native --ignore-scripts=false`';
const PNPM = '`pnpm approve-builds` and choose @fmmap/native';
const YARN = '`yarn rebuild @fmmap/native`';
const YARN_1 = '`yarn install --force`';
const BUN = '`bun pm trust @fmmap/native`';
const ALL = [NPM, PNPM, YARN, YARN_1, BUN];

test.each([
  [[], NPM],
  [['node_modules/.package-lock.json'], NPM],
  [['node_modules/.modules.yaml'], PNPM],
  [['pnpm-lock.yaml'], PNPM],
  [['node_modules/.yarn-state.yml', 'yarn.lock'], YARN],
  [['yarn.lock', '.pnp.cjs'], YARN],
  [['node_modules/.yarn-integrity', 'yarn.lock'], YARN_1],
  [['bun.lock'], BUN],
  [['bun.lockb'], BUN],
  // An old lock file counts less than what is in node_modules.
  [['pnpm-lock.yaml', 'node_modules/.package-lock.json'], NPM],
  [['package-lock.json', 'yarn.lock', 'node_modules/.modules.yaml'], PNPM],
])('a project with %j gets the advice for its package manager', (signs, remedy) => {
  const message = load(project(signs));
  expect(message).toContain('No native build was found');
  expect(ALL.filter((each) => message.includes(each))).toEqual([remedy]);
});

test('the package manager is recognised from the project, even if the package is in a store', () => {
  const directory = project([], 'store/native');
  const user = join(directory, 'project');
  fs.mkdirSync(join(user, 'node_modules/@fmmap'), { recursive: true });
  fs.symlinkSync(join(directory, 'store/native'), join(user, 'node_modules/@fmmap/native'));
  fs.writeFileSync(join(user, 'node_modules/.modules.yaml'), '');
  expect(load(user)).toContain(PNPM);
});

test('pnpm skips the build of a package without a prebuilt binding, and the error says so', {
  timeout: 180_000,
}, () => {
  const directory = installed(['native'], false);
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  expect(load(directory)).toContain(PNPM);
});

describe('a process that may not load addons is told the flag that allows it', () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';

  test.each([['--no-addons'], [permission, '--allow-fs-read=*', '--no-warnings']])(
    '%s',
    (...flags) => {
      const directory = tempDir();
      fs.mkdirSync(join(directory, 'node_modules/@fmmap'), { recursive: true });
      fs.symlinkSync(NATIVE, join(directory, 'node_modules/@fmmap/native'));
      const message = load(directory, ...flags);
      expect(message).toMatch(/--no-addons\b.*--allow-addons\b/);
      expect(message).not.toContain('To compile it');
    },
  );
});
