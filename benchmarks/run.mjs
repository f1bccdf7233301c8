// `npm run bench [-- --quick] [--only name,name] [--json file] [--compare commit]`: see README.md.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeCharts } from './lib/charts.mjs';
import { compare } from './lib/compare.mjs';
import { writeBig, writeText } from './lib/data.mjs';
import { bunProgram, installPeers } from './lib/install.mjs';
import { compile, describeMachine } from './lib/machine.mjs';
import { report } from './lib/report.mjs';
import { PARTS } from './parts.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'string' },
  },
});
/** What `--json` has from before. A quick run replaces it. */
const kept =
  options.json && !options.quick && fs.existsSync(options.json)
    ? JSON.parse(fs.readFileSync(options.json, 'utf8'))
    : [];
const HERE = fileURLToPath(new URL('..', import.meta.url));
const wanted = options.only?.split(',') ?? PARTS;
for (const name of wanted) {
  if (!PARTS.includes(name)) throw new Error(`No part '${name}': there are ${PARTS.join(', ')}`);
}

/** Each part runs in its own process, so that none inherits the heap of another. @param tree - Whose part. */
function run(name, given, tree = HERE) {
  const script = join(tree, 'benchmarks', 'parts', `${name}.mjs`);
  const started = performance.now();
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    ['--expose-gc', script, JSON.stringify(given)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
  );
  console.error(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (status === 0) return { part: name, ...JSON.parse(stdout) };
  // The others are measured nevertheless.
  console.error(`${name} ended with ${signal ?? status}`);
  process.exitCode = 1;
  return undefined;
}

function compareAll(measure) {
  const rounds = options.quick ? 3 : 9;
  // Without the peers, which are the same for both.
  const given = { peers: [], bun: '', rounds: 3 };
  return compare(options.compare, wanted, rounds, directory, (tree, name) =>
    measure(name, given, tree),
  );
}

function reportAll(measure, installed, rounds) {
  const measured = wanted.map((name) => measure(name)).filter(Boolean);
  const results = options.json ? renewed(options.json, measured) : measured;
  const isWhole = results.length === PARTS.length;
  const how = { isQuick: options.quick, only: isWhole ? undefined : options.only, rounds };
  const text = report(describeMachine(), how, installed, results);
  // An incomplete measurement is for looking at, not for keeping.
  if (!options.quick && isWhole) {
    fs.writeFileSync(new URL('RESULTS.md', import.meta.url), text);
    writeCharts(results);
  }
  return text;
}

/** Merges new measurements into a file of results. @returns All of them, in the order of the parts. */
function renewed(path, measured) {
  const others = kept.filter(({ part }) => !wanted.includes(part));
  const order = (a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part);
  const results = [...others, ...measured].sort(order);
  fs.writeFileSync(path, JSON.stringify(results));
  return results;
}

const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-bench-'));
try {
  const installed = installPeers();
  const given = {
    big: join(directory, 'big'),
    text: join(directory, 'text'),
    baseline: compile('baseline', directory),
    bun: bunProgram(),
    peers: installed.filter(({ failure, isPeer }) => isPeer && !failure).map(({ name }) => name),
    isQuick: options.quick,
    rounds: options.quick ? 2 : 11,
  };
  writeBig(given.big, 2 ** 30);
  writeText(given.text, options.quick ? 2 ** 25 : 2 ** 28);
  const measure = (name, more, tree) => {
    const own = join(directory, name);
    fs.mkdirSync(own);
    const result = run(name, { ...given, ...more, directory: own }, tree);
    fs.rmSync(own, { recursive: true });
    return result;
  };
  const text = options.compare ? compareAll(measure) : reportAll(measure, installed, given.rounds);
  console.log(text);
} finally {
  fs.rmSync(directory, { recursive: true, force: true });
}
