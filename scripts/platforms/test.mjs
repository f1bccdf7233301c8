// Runs the smoke test with the binaries of the platforms, as they were built, on the runtimes that this machine can run, and all
// tests of core on the newest Node: `npm run test:platforms`. `--all` adds other processors, by emulation, the other Nodes, and most
// of core's tests on Bun and Deno.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NODES, run } from '../cache.mjs';
import { pack } from '../pack.mjs';
import { buildPlatform } from './build.mjs';
import { DIFFERENCES, problemsOf, TESTS } from './conformance.mjs';
import { MORE_RUNTIMES, NEWEST, nodeCommand, RUNTIMES } from './runtimes.mjs';
import { PLATFORMS } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

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

const folder = fs.mkdtempSync(join(tmpdir(), 'fmmap-platforms-'));
fs.chmodSync(folder, 0o755);

const total = { passed: 0, failed: 0 };

/** Counts and prints whether something is as it should be. */
function report(isGood, title, why = '') {
  total[isGood ? 'passed' : 'failed'] += 1;
  console.log(isGood ? `passed: ${title}` : `FAILED: ${title}\n${why}`);
}

/** Runs a program. @returns What it printed, how long it took, and what went wrong, if anything did. */
function ran([file, ...args], { cwd, minutes, env = {} }) {
  const from = performance.now();
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    timeout: minutes * 60_000,
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  const end = `${error ?? `ended with ${signal ?? status}`}:\n${`${stdout}${stderr}`.slice(-3000)}`;
  return { isGood: status === 0, stdout, seconds, end };
}

function checkSmoke({ title, platform, env }, command, file) {
  const cwd = join(folder, platform);
  const { isGood, stdout, seconds, end } = ran([...command, file], { cwd, minutes: 5, env });
  report(isGood && stdout.trim() === 'works', `${title}, ${platform}, ${file} (${seconds} s)`, end);
}

/** A copy of a program that all users can reach, which some tests become. */
function reachable(program) {
  const copy = join(folder, dirname(program).replaceAll('/', '+'), basename(program)); // which shows in messages
  fs.mkdirSync(dirname(copy), { recursive: true });
  if (!fs.existsSync(copy)) fs.copyFileSync(program, copy);
  return copy;
}

/** Runs tests of core, all or some, with a binary or what was built here: those must fail that are known to, and no others. */
function checkCore(title, [program, ...more], binary, tests, differences = []) {
  const results = join(folder, 'results.json');
  fs.rmSync(results, { force: true });
  const options = ['--reporter=json', `--outputFile=${results}`, '--maxWorkers=2'];
  const args = [vitest, 'run', ...options, ...tests.map((name) => `test/${name}`)];
  const { isGood, seconds, end } = ran([reachable(program), ...more, ...args], {
    cwd: join(root, 'packages/core'),
    minutes: 60,
    env: { FMMAP_BINDING: binary },
  });
  const problems = fs.existsSync(results)
    ? problemsOf(JSON.parse(fs.readFileSync(results, 'utf8')), differences)
    : [end];
  // What fails outside of tests only shows in how it ends.
  if (!isGood && differences.length === 0 && problems.length === 0) problems.push(end);
  report(problems.length === 0, `${title} (${seconds} s)`, problems.join('\n'));
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

try {
  const runtimes = [...RUNTIMES, ...(values.all ? MORE_RUNTIMES : [])];
  const binaries = new Map();
  for (const name of new Set(runtimes.map(({ platform }) => platform))) {
    const platform = PLATFORMS.find((each) => each.name === name);
    binaries.set(name, await buildPlatform(platform));
    checkNeeds(platform, binaries.get(name));
    projectFor(name, folder);
  }
  for (const runtime of runtimes) {
    const command = await runtime.command();
    for (const file of ['require.cjs', 'import.mjs']) checkSmoke(runtime, command, file);
  }
  const zig = binaries.get('linux-x64-gnu');
  const gcc = join(root, 'native/src/build/Release/fmmap.node');
  for (const { title, command } of RUNTIMES) {
    if (!values.all || !(title in DIFFERENCES)) continue;
    const about = `${title}, most tests of core, but for the differences listed`;
    checkCore(about, await command(), zig, TESTS, DIFFERENCES[title]);
  }
  for (const major of values.all ? Object.keys(NODES) : [NEWEST]) {
    const command = await nodeCommand(major);
    // What is published. Its C++ library is not that of `npm test`: it ends the process on errors that the other one survives.
    checkCore(`Node ${major}, all tests of core, by zig`, command, zig, []);
    // Views depend on that library: it is Node's own, or not.
    checkCore(`Node ${major}, views and values, by g++`, command, gcc, ['views', 'values']);
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
