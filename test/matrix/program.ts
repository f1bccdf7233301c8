// A process of the matrix: it runs some cells of a plan, one after the other, and reports on them.
// Its arguments: the flavour, a file with the cells, and directories on a disk and in memory, which
// the caller removes.
import * as fs from 'node:fs';
import { loadClasses } from './handles.js';
import { Helper, Stranger } from './helpers.js';
import { meet } from './meet.js';
import type { Cell } from './plan.js';
import type { Report } from './report.js';

const [flavour = '', list = '', disk = '', memory = disk] = process.argv.slice(2);
const cells = JSON.parse(fs.readFileSync(list, 'utf8')) as Cell[];

/** Reports at once: the process may not live to do it later. */
const say = (report: Report): void => {
  fs.writeSync(1, `${JSON.stringify(report)}\n`);
};

let helper: Promise<Helper> | undefined;

const world = {
  classes: await loadClasses(flavour),
  stranger: new Stranger(),
  directories: { disk, memory },
  worker() {
    helper ??= Helper.start(flavour);
    return helper;
  },
  async terminate() {
    const ending = helper;
    helper = undefined;
    await (await ending)?.terminate();
  },
};

for (const [index, cell] of cells.entries()) {
  say({ started: index });
  const problems = await meet(cell, world);
  say({ ended: index, problems });
}
await world.terminate();
await world.stranger.end();
say({ finished: true });
