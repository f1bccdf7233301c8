// The matrix, by hand: see CONTRIBUTING.md.
import { parseArgs } from 'node:util';
import { loadClasses } from './handles.js';
import { planOf } from './plan.js';
import { membersOfAll } from './recipes.js';
import { run } from './run.js';

const { values } = parseArgs({
  options: {
    flavour: { type: 'string', default: 'node' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    cells: { type: 'string', default: '0' },
    only: { type: 'string' },
    times: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    most: { type: 'string', default: '50' },
    grep: { type: 'string', default: '' },
  },
});
const { flavour, only, grep } = values;
const seed = Number(values.seed);
const members = membersOfAll(await loadClasses(flavour));
const all = planOf(flavour, members, seed, Number(values.cells));
const cells =
  only === undefined
    ? all.filter((cell) => JSON.stringify(cell).includes(grep))
    : Array.from({ length: Number(values.times) }, () => all[Number(only)]).filter(
        (cell) => cell !== undefined,
      );
console.log(`${flavour}: ${cells.length} cells, seed ${seed}`);
const start = performance.now();
const { failures, count } = await run(flavour, cells, Number(values.lanes), Number(values.most));
for (const failure of failures) console.log(failure);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`${count} cells in ${seconds} s, ${failures.length} failures`);
process.exitCode = failures.length > 0 ? 1 : 0;
