'use strict';

// Makes the error for a binding that was not found or failed to load, and says how to fix it.

const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const { optionalDependencies } = require('./package.json');

/** What installs the package of this platform, by package manager. */
const REMEDIES = {
  npm: 'run `npm install --include=optional`',
  pnpm: 'run `pnpm install --force`',
  yarn: 'run `yarn install`',
  'yarn 1': 'run `yarn install --force`',
  bun: 'run `bun install --force`',
};

/**
 * Files that tell which package manager installed a project; those in node_modules come first, as others may be
 * outdated.
 */
const SIGNS = [
  ['node_modules/.modules.yaml', 'pnpm'],
  ['node_modules/.yarn-state.yml', 'yarn'],
  ['node_modules/.yarn-integrity', 'yarn 1'],
  ['node_modules/.package-lock.json', 'npm'],
  ['node_modules/.bun', 'bun'],
  ['.pnp.cjs', 'yarn'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['yarn.lock', 'yarn'],
];

/** The package manager that installed a directory. */
function managerOf(directory) {
  for (const [sign, manager] of SIGNS) if (existsSync(join(directory, sign))) return manager;
  const parent = dirname(directory);
  return parent === directory ? undefined : managerOf(parent);
}

/** What this process runs on, for people. */
function described(platform) {
  const { glibcVersionRuntime } = process.report?.getReport().header ?? {};
  const libc = glibcVersionRuntime ? ` (glibc ${glibcVersionRuntime})` : '';
  return `${platform}${libc}, Node ${process.versions.node}`;
}

/** What to do about it. */
function remedy(platform, failures) {
  if (failures.some(({ error }) => error.code === 'ERR_DLOPEN_DISABLED')) {
    return 'This process may not load addons: start Node without --no-addons, or with --allow-addons if it has --permission.';
  }
  if (process.env.FMMAP_BINDING) {
    return 'FMMAP_BINDING names the only place to look: correct it, or unset it.';
  }
  const compile = `\`node ${join(__dirname, 'build.js')}\` compiles it, with Python 3 and a C++17 compiler`;
  const name = `@fmmap/native-${platform}`;
  const isMissing = failures.some(
    ({ place, error }) => place === name && error.code === 'MODULE_NOT_FOUND',
  );
  if (!isMissing || !optionalDependencies[name]) return `To have it all the same: ${compile}.`;
  // A store shared by projects is in none of them.
  const manager = managerOf(__dirname) ?? managerOf(process.cwd()) ?? 'npm';
  return (
    `To install ${name}, an optional dependency, ${REMEDIES[manager]} on this platform. ` +
    `If a lock file from another platform lacks it, delete that file and node_modules first. Or ${compile}.`
  );
}

/** The error to throw, made of what was tried: the places, each with what it threw. */
module.exports = function failure(platform, failures) {
  const tried = failures.map(
    ({ place, error }) => `\n  ${place}: ${error.message.split('\n', 1)[0]}`,
  );
  const cause = failures.at(-1).error;
  return new Error(
    `@fmmap/native cannot load its binding on ${described(platform)}. It looked for${tried.join('')}\n` +
      remedy(platform, failures),
    { cause },
  );
};
