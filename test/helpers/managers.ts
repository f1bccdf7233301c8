import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { bun as bunOf, unpacked } from '../../scripts/cache.mjs';
import { PNPM } from '../../scripts/pack.mjs';

// The package managers that people install with, and how each is told what the others call by other names.

export interface Manager {
  /** A program, and the arguments that make it this manager. */
  readonly command: readonly string[];
  readonly install: readonly string[];
  /** Runs no scripts of packages. */
  readonly noScripts: readonly string[];
  /** Leaves out optional dependencies; nothing if there is no such option. */
  readonly omit: readonly string[];
  /** Runs Node in a project. */
  readonly node: readonly string[];
  /** Settings for a project, by the names of their files. */
  readonly settings: (registry: string) => Readonly<Record<string, string>>;
}

const NPMRC = (registry: string) => ({
  '.npmrc': `registry=${registry}/\nfund=false\naudit=false\nupdate-notifier=false\n`,
});

/** npm, as it comes with this Node. */
const npm = join(
  dirname(fs.realpathSync(process.execPath)),
  '../lib/node_modules/npm/bin/npm-cli.js',
);

export type ManagerName = 'npm' | 'pnpm' | 'yarn 1' | 'yarn' | 'bun';

export async function managers(): Promise<Readonly<Record<ManagerName, Manager>>> {
  const node = process.execPath;
  const yarn1 = join(await unpacked('yarn', '1.22.22'), 'bin/yarn.js');
  const yarn = join(await unpacked('@yarnpkg/cli-dist', '4.18.1'), 'bin/yarn.js');
  const bun = await bunOf();
  return {
    npm: {
      command: [node, npm],
      install: ['install'],
      noScripts: ['--ignore-scripts'],
      omit: ['--omit=optional'],
      node: [node],
      settings: NPMRC,
    },
    pnpm: {
      command: [node, PNPM],
      install: ['install'],
      noScripts: ['--ignore-scripts'],
      omit: ['--no-optional'],
      node: [node],
      settings: NPMRC,
    },
    'yarn 1': {
      command: [node, yarn1],
      install: ['install', '--non-interactive'],
      noScripts: ['--ignore-scripts'],
      omit: ['--ignore-optional'],
      node: [node],
      settings: NPMRC,
    },
    yarn: {
      command: [node, yarn],
      install: ['install'],
      noScripts: ['--mode=skip-build'],
      omit: [],
      node: [node, yarn, 'node'],
      settings: (registry) => ({
        'yarn.lock': '',
        '.yarnrc.yml': [
          `npmRegistryServer: "${registry}"`,
          'unsafeHttpWhitelist: ["127.0.0.1"]',
          'enableTelemetry: false',
          'enableImmutableInstalls: false',
        ].join('\n'),
      }),
    },
    bun: {
      command: [bun],
      install: ['install'],
      noScripts: ['--ignore-scripts'],
      omit: ['--omit=optional'],
      node: [node],
      settings: NPMRC,
    },
  };
}
