// Runs the tests with Windows builds of Node under Wine, after a build: `node scripts/windows/test.mjs`. `--short` runs only
// what CI has time for; `--package worker`, `--node 22` or folders of core narrow it down.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NODES } from '../cache.mjs';
import { debian, TREE } from './home.mjs';
import { runNode } from './run.mjs';
import { syncTree } from './tree.mjs';

const LANES = [1, 2];
/** For one job: a test that hangs costs the others nothing. */
const SECONDS = 900;
const FLAVOURS = ['node', 'worker', 'stream'];
/** All suites run on it. */
const MAIN_NODE = '24';
/** Of core, what depends on the release of Node: its buffers, and how it opens files. */
const ON_EVERY_NODE = ['closing', 'views', 'opening'];
/** The promises in which Windows differs the most from other systems. */
const SHORT = ['views', 'closing', 'copying', 'faults', 'locks', 'removal'];

const { values, positionals } = parseArgs({
  options: {
    node: { type: 'string' },
    package: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const start = performance.now();
await syncTree();
const inTree = (...path) => join(debian, TREE, ...path);

/** Folders of core's tests; the last is the conformance suite, with the template itself as the package. */
function foldersOfCore() {
  const hasTests = (name) =>
    fs.readdirSync(inTree('packages/core/test', name)).some((file) => file.endsWith('.test.ts'));
  const folders = fs
    .readdirSync(inTree('packages/core/test'), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() && hasTests(entry.name) ? entry.name : []));
  return [...folders.map((name) => `test/${name}`), 'template/test'];
}

const vitest = (name, node, folder = '') => ({
  title: `@fmmap/${name}${folder && ` ${folder}`}, Node ${node}`,
  node,
  cwd: `packages/${name}`,
  args: ['../../node_modules/vitest/vitest.mjs', 'run', ...(folder ? [`${folder}/`] : [])],
  count: countVitest,
});

const entries = (wine) => ({
  title: `files without the package, Wine ${wine}`,
  node: '22', // the newest that starts under Wine 8
  wine,
  cwd: 'native',
  args: ['--test-reporter=tap', 'test/entries.test.mjs'],
  count: countTap,
});

const matrix = (flavour, cells) => ({
  title: `${cells} cells of the matrix of @fmmap/${flavour}, Node ${MAIN_NODE}`,
  node: MAIN_NODE,
  cwd: 'test',
  args: ['dist/matrix/cli.js', '--flavour', flavour, '--sample', String(cells), '--lanes', '1'],
  count: countCells,
});

function jobs() {
  const { node = MAIN_NODE, package: only, short } = values;
  if (only && only !== 'core') return [vitest(only, node)];
  if (positionals.length > 0)
    return positionals.map((name) =>
      vitest('core', node, name === 'template' ? 'template/test' : `test/${name}`),
    );
  if (only || values.node) return foldersOfCore().map((folder) => vitest('core', node, folder));
  const others = Object.keys(NODES).filter((major) => major !== MAIN_NODE);
  const folders = short ? SHORT.map((name) => `test/${name}`) : foldersOfCore();
  return [
    ...(short ? [] : FLAVOURS.map((name) => vitest(name, MAIN_NODE))),
    ...folders.map((folder) => vitest('core', MAIN_NODE, folder)),
    ...FLAVOURS.map((name) => matrix(name, short ? 200 : 2000)),
    ...others.flatMap((major) =>
      (short ? ON_EVERY_NODE.slice(0, 1) : ON_EVERY_NODE).map((name) =>
        vitest('core', major, `test/${name}`),
      ),
    ),
    ...[10, 8].map(entries),
  ];
}

const total = { passed: 0, failed: 0, skipped: 0 };
const queue = jobs();
await Promise.all(
  LANES.map(async (lane) => {
    for (let job = queue.shift(); job; job = queue.shift()) report(job.title, await run(job, lane));
  }),
);
const minutes = ((performance.now() - start) / 60_000).toFixed(1);
console.log(
  `\n${total.skipped} tests do not apply on Windows; ${minutes} minutes\nTests  ${total.passed} passed, ${total.failed} failed`,
);
process.exitCode = total.failed === 0 ? 0 : 1;

function report(title, { lines = [], ...found }) {
  for (const key of Object.keys(total)) total[key] += found[key] ?? 0;
  const { passed, failed, skipped = 0, seconds } = found;
  console.log(
    `${title}: ${passed} passed, ${failed} failed, ${skipped} not applicable, ${seconds.toFixed()} s`,
  );
  for (const line of lines) console.log(`  ${line}`);
}

async function run({ node, wine, cwd, args, count }, lane) {
  const file = `windows-report-${lane}.json`;
  fs.rmSync(inTree(cwd, file), { force: true });
  const extra =
    count === countVitest ? ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`] : [];
  const from = performance.now();
  const result = await runNode(node, cwd, [...args, ...extra], { seconds: SECONDS, wine, lane });
  const broken = {
    passed: 0,
    failed: 1,
    lines: [
      `exited with ${result.code}, or did not finish within ${SECONDS} s`,
      ...result.text.split('\n').slice(-20),
    ],
  };
  let found = count(result, inTree(cwd, file)) ?? broken;
  // A run that broke outside of its tests has failed, too, and so has one without tests.
  const isEmpty = found.passed + found.failed + (found.skipped ?? 0) === 0;
  if (found.failed === 0 && (result.code !== 0 || isEmpty))
    found = { ...found, ...broken, passed: found.passed };
  return { ...found, seconds: (performance.now() - from) / 1000 };
}

function countVitest(_, file) {
  if (!fs.existsSync(file)) return undefined;
  const { testResults } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: count('passed'),
    failed: count('failed') + broken.length,
    skipped: count('skipped', 'pending', 'todo'),
    lines: [
      ...broken.map(({ name, message }) => `${name}: ${message.split('\n', 1)}`),
      ...tests
        .filter(({ status }) => status === 'failed')
        .map(
          ({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n', 1)}`,
        ),
    ],
  };
}

function countTap({ text }) {
  const [passed, failed, cancelled, skipped] = ['pass', 'fail', 'cancelled', 'skipped'].map(
    (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1]),
  );
  if (Number.isNaN(passed)) return undefined;
  const lines = text
    .match(/^ *(not ok .*|ok .* # SKIP .*|error: .*)$/gm)
    ?.map((line) => line.trim());
  return { passed, failed: failed + cancelled, skipped, lines };
}

function countCells({ text }) {
  const [, count, failed] = /^(\d+) cells in .*, (\d+) failures$/m.exec(text) ?? [];
  if (count === undefined) return undefined;
  return {
    passed: count - failed,
    failed: Number(failed),
    lines: failed === '0' ? [] : text.split('\n').slice(0, 60),
  };
}
