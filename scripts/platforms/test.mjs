// Runs the smoke test with the binaries of the platforms, as they were built, on the runtimes that this machine can run:
// `npm run test:platforms`. `--all` adds those of other processors, by emulation, and runs more of core's tests.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bun, installPackages, NODES, program, run } from '../cache.mjs';
import { pack } from '../pack.mjs';
import { buildPlatform } from './build.mjs';
import { PLATFORMS } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const NEWEST = Object.keys(NODES).at(-1);

const node = (version, suffix = 'x64') => program(`node-linux-${suffix}`, version, 'bin/node');

/** A Node for another processor, emulated, with the libraries of Debian's cross compilers. */
const emulated = (version, suffix, qemu, triplet, debian) => async () => {
  installPackages(['qemu-user-static', `libstdc++6-${debian}-cross`, `libatomic1-${debian}-cross`]);
  return [`qemu-${qemu}-static`, '-L', `/usr/${triplet}`, await node(version, suffix)];
};

/** What runs a binary, and the command for it. */
const RUNTIMES = [
  ...Object.entries(NODES).map(([major, version]) => ({
    title: `Node ${major}`,
    platform: 'linux-x64-gnu',
    command: async () => [await node(version)],
  })),
  {
    title: 'Bun',
    platform: 'linux-x64-gnu',
    command: async () => [await bun()],
  },
  {
    title: 'Deno',
    platform: 'linux-x64-gnu',
    command: async () => [
      await program('@deno/linux-x64-glibc', '2.9.6', 'deno'),
      'run',
      '--allow-all',
    ],
  },
];

const MORE_RUNTIMES = [
  {
    title: 'Node 20 (qemu)',
    platform: 'linux-arm64-gnu',
    command: emulated(NODES[20], 'arm64', 'aarch64', 'aarch64-linux-gnu', 'arm64'),
  },
  {
    title: `Node ${NEWEST} (qemu)`,
    platform: 'linux-arm64-gnu',
    command: emulated(NODES[NEWEST], 'arm64', 'aarch64', 'aarch64-linux-gnu', 'arm64'),
  },
  // The newest that npm has for these.
  {
    title: 'Node 20.11 (qemu, which swaps the halves of the addresses of faults: no faults)',
    platform: 'linux-s390x-gnu',
    env: { FMMAP_SMOKE_NO_FAULTS: '1' },
    command: emulated('20.11.0', 's390x', 's390x', 's390x-linux-gnu', 's390x'),
  },
  {
    title: 'Node 20.11 (qemu)',
    platform: 'linux-arm-gnu',
    command: emulated('20.11.0', 'armv7l', 'arm', 'arm-linux-gnueabihf', 'armhf'),
  },
  {
    title: 'Node 20.11 (qemu)',
    platform: 'linux-ppc64-gnu',
    command: emulated('20.11.0', 'ppc64le', 'ppc64le', 'powerpc64le-linux-gnu', 'ppc64el'),
  },
];

/** A project with the packages as npm would install them on a platform. */
function projectFor(platform, to) {
  const project = join(to, platform);
  for (const folder of ['native', `native/platforms/${platform}`, 'packages/core']) {
    const archive = pack(folder, to);
    const { name } = JSON.parse(fs.readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const target = join(project, 'node_modules', name);
    fs.mkdirSync(target, { recursive: true });
    run('tar', '-xzf', archive, '-C', target, '--strip-components=1');
  }
  fs.cpSync(join(root, 'test/smoke'), project, { recursive: true });
  fs.writeFileSync(join(project, 'package.json'), '{ "private": true }');
  return project;
}

const total = { passed: 0, failed: 0 };

/** Counts and prints whether something is as it should be. */
function report(isGood, title, why = '') {
  total[isGood ? 'passed' : 'failed'] += 1;
  console.log(isGood ? `passed: ${title}` : `FAILED: ${title}\n${why}`);
}

/** Runs a program, which must do what it should. */
function check(title, [file, ...args], { cwd, minutes, env = {}, isRight }) {
  const from = performance.now();
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    timeout: minutes * 60_000,
    env: { ...process.env, ...env },
  });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  const why = error ?? `ended with ${signal ?? status}:\n${stdout}${stderr}`.slice(-3000);
  report(status === 0 && isRight(stdout), `${title} (${seconds} s)`, why);
}

/** That an old Linux can load the binary: no symbol above the glibc of its target, and no C++ library. */
function checkNeeds(platform, binary) {
  const [, wanted] = /gnu[a-z]*\.([\d.]+)$/.exec(platform.target ?? '') ?? [];
  if (wanted === undefined) return;
  const isNewer = (version) => version.localeCompare(wanted, 'en', { numeric: true }) > 0;
  const text = run('readelf', '--wide', '--dynamic', '--version-info', binary);
  const versions = [...text.matchAll(/\bGLIBC_([\d.]+)/g)].map(([, version]) => version);
  const libraries = [...text.matchAll(/Shared library: \[(.*?)\]/g)].map(([, library]) => library);
  const wrong = [
    ...versions.filter(isNewer).map((version) => `GLIBC_${version}`),
    ...libraries.filter((library) => /stdc\+\+|libgcc/.test(library)),
  ];
  const isGood = versions.length > 0 && wrong.length === 0;
  report(isGood, `${platform.name} needs no more than glibc ${wanted}`, `it needs ${wrong}`);
}

const folder = fs.mkdtempSync(join(tmpdir(), 'fmmap-platforms-'));
try {
  const runtimes = [...RUNTIMES, ...(values.all ? MORE_RUNTIMES : [])];
  const binaries = new Map();
  for (const name of new Set(runtimes.map(({ platform }) => platform))) {
    const platform = PLATFORMS.find((each) => each.name === name);
    binaries.set(name, await buildPlatform(platform));
    checkNeeds(platform, binaries.get(name));
    projectFor(name, folder);
  }
  for (const { title, platform, command, env } of runtimes) {
    for (const file of ['require.cjs', 'import.mjs']) {
      check(`${title}, ${platform}, ${file}`, [...(await command()), file], {
        cwd: join(folder, platform),
        minutes: 5,
        env,
        isRight: (said) => said.trim() === 'works',
      });
    }
  }
  // Views depend on the C++ library that a binary was built with: that of zig is not Node's.
  const suites = values.all
    ? Object.keys(NODES).map((major) => [major, major === NEWEST ? [] : ['test/views']])
    : [[NEWEST, ['test/views']]];
  for (const [major, tests] of suites) {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    check(
      `Node ${major}, linux-x64-gnu, tests of core: ${tests.join() || 'all'}`,
      [await node(NODES[major]), vitest, 'run', ...tests],
      {
        cwd: join(root, 'packages/core'),
        minutes: 30,
        env: { FMMAP_BINDING: binaries.get('linux-x64-gnu') },
        isRight: () => true,
      },
    );
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
