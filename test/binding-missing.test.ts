import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { OWN as PLATFORM } from '../scripts/platforms/table.mjs';
import { type Ran, run } from './helpers/packed.js';
import { tempDir } from './helpers/program.js';

// The error when the binding cannot be loaded, and whether its advice is right.

const NATIVE = fileURLToPath(new URL('../native', import.meta.url));
const OWN = PLATFORM?.package ?? '';

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
  for (const name of ['index.js', 'load.js', 'failure.js', 'package.json']) {
    fs.cpSync(join(NATIVE, name), join(target, name));
  }
  for (const sign of signs) {
    fs.mkdirSync(dirname(join(directory, sign)), { recursive: true });
    fs.writeFileSync(join(directory, sign), '');
  }
  return directory;
}

const NPM = '`npm install --include=optional`';
const PNPM = '`pnpm install --force`';
const YARN = '`yarn install`';
const YARN_1 = '`yarn install --force`';
const BUN = '`bun install --force`';
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
  expect(message).toContain(`${OWN}: Cannot find module '${OWN}'`);
  expect(message).toContain('src/build/Release/fmmap.node: nothing has been compiled here');
  expect(message).toContain('build.js` compiles it');
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

test('a binary that does not load is named with the reason, and installing it again is not advised', () => {
  const directory = project([]);
  const binary = join(directory, 'node_modules', OWN, 'index.node');
  fs.mkdirSync(dirname(binary), { recursive: true });
  fs.writeFileSync(binary, 'no binary');
  const message = load(directory);
  expect(message).toMatch(new RegExp(`^  ${OWN}: .*index\\.node: `, 'm'));
  expect(message).toContain('build.js` compiles it');
  expect(message).not.toContain('npm install');
});

test('what FMMAP_BINDING names is the only place to look', () => {
  const { stdout } = run(
    project([]),
    'env',
    'FMMAP_BINDING=./missing.node',
    process.execPath,
    '-e',
    LOAD,
  );
  expect(stdout).toContain("./missing.node: Cannot find module '");
  expect(stdout).toContain('correct it, or unset it');
  expect(stdout).not.toContain(OWN);
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
      expect(message).not.toContain('compiles it');
    },
  );
});
