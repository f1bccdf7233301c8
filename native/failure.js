'use strict';

// Makes the error for an addon that failed to load, and says how to fix it.

const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const PACKAGE = '@fmmap/native';

/** How to build a package whose install script was skipped, by package manager. */
const REMEDIES = {
  npm: `run \`npm rebuild ${PACKAGE} --ignore-scripts=false\``,
  pnpm: `run \`pnpm approve-builds\` and choose ${PACKAGE}`,
  yarn: `set "dependenciesMeta": { "${PACKAGE}": { "built": true } } in package.json and run \`yarn rebuild ${PACKAGE}\``,
  'yarn 1': 'run `yarn install --force`',
  bun: `run \`bun pm trust ${PACKAGE}\``,
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

/** What to do about an addon that failed to load. */
function remedyFor({ code }) {
  if (code === 'ERR_DLOPEN_DISABLED') {
    return 'This process may not load addons: start Node without --no-addons, or with --allow-addons if it has --permission.';
  }
  // A store shared by projects is in none of them.
  const manager = managerOf(__dirname) ?? managerOf(process.cwd()) ?? 'npm';
  return `To compile it, install Python 3 and a C++17 compiler and ${REMEDIES[manager]}.`;
}

/** The error to throw, made of what `require` threw. */
module.exports = function failure(cause) {
  const [why] = cause.message.split('\n', 1);
  return new Error(
    `${PACKAGE} cannot load its binding on ${process.platform}-${process.arch}, ` +
      `Node ${process.versions.node}. Looked in build/Release and prebuilds/ of ${__dirname}: ${why} ${remedyFor(cause)}`,
    { cause },
  );
};
