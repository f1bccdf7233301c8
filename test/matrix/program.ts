// A process of the matrix: it makes some cells of a plan happen, one after the other, and says so.
// Its arguments: the flavour, and a file with the cells.
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadClasses } from './handles.js';
import { Helper, Stranger } from './helpers.js';
import { meet } from './meet.js';
import type { Cell } from './plan.js';
import type { Report } from './report.js';

const [flavour = '', list = ''] = process.argv.slice(2);
const cells = JSON.parse(fs.readFileSync(list, 'utf8')) as Cell[];

/** At once: the process may not live to do it later. */
const say = (report: Report): void => {
  fs.writeSync(1, `${JSON.stringify(report)}\n`);
};

const disk = fs.mkdtempSync(join(tmpdir(), 'fmmap-matrix-'));
const memory = fs.existsSync('/dev/shm') ? fs.mkdtempSync('/dev/shm/fmmap-matrix-') : disk;
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

for (const cell of cells) {
  say({ started: cell.index });
  const problems = await meet(cell, world);
  say({ ended: cell.index, problems });
}
await world.terminate();
await world.stranger.end();
for (const directory of new Set([disk, memory])) fs.rmSync(directory, { recursive: true });
say({ finished: true });
