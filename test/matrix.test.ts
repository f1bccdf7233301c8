import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { isLong } from '../packages/core/test/helpers/effort.js';
import { loadClasses } from './matrix/handles.js';
import { type Class, membersOf } from './matrix/members.js';
import { missing, pendingsOf } from './matrix/pendings.js';
import { planOf } from './matrix/plan.js';
import { gaps, membersOfAll } from './matrix/recipes.js';
import { run } from './matrix/run.js';

/** For longer runs, or to repeat a seed, see CONTRIBUTING.md. */
const SEED = Number(process.env.FMMAP_MATRIX_SEED ?? Math.floor(Math.random() * 2 ** 31));
const CELLS = Number(process.env.FMMAP_MATRIX_CELLS ?? 0);
const TIMEOUT = 15 * 60_000 + CELLS * 100;

const FLAVOURS = ['node', 'worker', 'stream'];

/** The number of cells, in random order: fewer of the flavours that only differ from the first in where the work is done. */
function sampleOf(flavour: string): number | undefined {
  if (CELLS > 0) return undefined;
  if (isLong) return flavour === 'node' ? undefined : 4000;
  return flavour === 'node' ? 1500 : 750;
}

test('every member of every class has a recipe, and every recipe a member', async () => {
  const classes = await Promise.all(FLAVOURS.map(loadClasses));
  const members = classes.flatMap((each) => membersOfAll(each));
  expect(members.length).toBeGreaterThan(1000);
  expect(gaps(members)).toEqual([]);
});

test.each(FLAVOURS)(
  'every method of @fmmap/%s that returns a promise is a pending operation',
  async (flavour) => {
    const classes = await loadClasses(flavour);
    const type = classes.get('AsyncMmapFileMut') as Class;
    const names = membersOf('AsyncMmapFileMut', type).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['truncate', 'flush', 'stat']));
    expect(missing(type, names)).toEqual([]);
  },
);

test.each(FLAVOURS)(
  'every member alongside every pending operation of @fmmap/%s',
  async (flavour) => {
    const members = membersOfAll(await loadClasses(flavour));
    const { cells, ...rest } = planOf(flavour, members, SEED, CELLS);
    expect(cells.length).toBeGreaterThan((members.length * pendingsOf(flavour).length) / 2);
    const plan = { ...rest, cells: cells.slice(0, sampleOf(flavour)) };
    const { failures, count } = await run(plan, Math.min(availableParallelism(), 8));
    console.log(`${count} cells of @fmmap/${flavour}, seed ${SEED}`);
    expect(failures, `seed ${SEED}`).toEqual([]);
    expect(count).toBe(plan.cells.length);
  },
  TIMEOUT,
);
