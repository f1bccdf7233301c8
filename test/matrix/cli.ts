// Runs the matrix by hand: see CONTRIBUTING.md.
import { parseArgs } from 'node:util';
import { loadClasses } from './handles.js';
import { describe, planOf } from './plan.js';
import { membersOfAll } from './recipes.js';
import { run } from './run.js';

const { values } = parseArgs({
  options: {
    flavour: { type: 'string', default: 'node' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    cells: { type: 'string', default: '0' },
    only: { type: 'string' },
    sample: { type: 'string' },
    times: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    most: { type: 'string', default: '50' },
    grep: { type: 'string', default: '' },
  },
});
const { flavour, only, grep } = values;
const seed = Number(values.seed);
const members = membersOfAll(await loadClasses(flavour));
const plan = planOf(flavour, members, seed, Number(values.cells));
const cells =
  only === undefined
    ? plan.cells
        .filter((cell) => new RegExp(grep).test(describe(cell)))
        .slice(0, values.sample === undefined ? undefined : Number(values.sample))
    : plan.cells.filter(({ index }) => index === Number(only));
const repeated = Array.from({ length: Number(values.times) }, () => cells).flat();
console.log(`${flavour}: ${repeated.length} cells, seed ${seed}`);
const start = performance.now();
const lanes = Number(values.lanes);
const { failures, count } = await run(
  { flavour, seed, cells: repeated },
  lanes,
  Number(values.most),
);
for (const failure of failures) console.log(failure);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`${count} cells in ${seconds} s, ${failures.length} failures`);
process.exitCode = failures.length > 0 ? 1 : 0;
