import * as fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { contentOf, oddities } from './content.js';
import { Hang, inTime } from './deadline.js';
import { closing } from './handles.js';
import { isExplained, judge, judgeFile, judgeLook } from './judge.js';
import { look } from './look.js';
import { type Thrown, toThrown } from './notes.js';
import { type Party, WorkerParty } from './party.js';
import type { Cell } from './plan.js';
import { Scene, type World } from './scene.js';

/** Runs a cell. @returns What was wrong. */
export async function meet(cell: Cell, world: World): Promise<string[]> {
  const scene = new Scene(cell, world);
  try {
    const { asked, called } = await scene.setUp();
    const thrown = await act(scene, asked, called);
    const facts = scene.facts(asked, called);
    const refused = thrown.filter((error) => !isExplained(error, facts));
    return [
      ...refused.map(({ stack }) => `what happened besides: ${stack}`),
      ...(await judgeAll(scene, asked, called)),
    ];
  } finally {
    scene.end();
  }
}

async function act(scene: Scene, asked: Party, called: Party): Promise<Thrown[]> {
  const isEarly = scene.random.once(2);
  asked.start();
  let event = isEarly ? happen(scene) : undefined;
  called.start();
  event ??= happen(scene);
  called.start();
  await setImmediate();
  called.start();
  const thrown = await event;
  const lost = scene.cell.event === 'terminated' ? WorkerParty : undefined;
  if (!lost || !(asked instanceof lost)) await asked.ended();
  called.start();
  if (!lost || !(called instanceof lost)) await called.ended();
  return thrown;
}

/** Runs the additional event. @returns The errors. */
async function happen({ cell, random, world, handles, cut = 0, path }: Scene): Promise<Thrown[]> {
  try {
    if (cell.event === 'closed') await inTime(closing(random.pick(handles)), 'close');
    if (cell.event === 'cut') await inTime(world.stranger.ask('cut', path, cut), 'a cut');
    if (cell.event === 'terminated') {
      for (let turns = random.below(4); turns > 0; --turns) await setImmediate();
      await inTime(world.terminate(), 'terminate()');
    }
    return [];
  } catch (error) {
    if (error instanceof Hang) throw error;
    return [toThrown(error)];
  }
}

/** Checks everything once all calls have finished. */
async function judgeAll(scene: Scene, asked: Party, called: Party): Promise<string[]> {
  const { cell, file } = scene;
  const facts = scene.facts(asked, called);
  const written = [...asked.written, ...called.written];
  const handles = [...scene.handles, ...asked.kept, ...called.kept];
  const helper = cell.event === 'terminated' ? undefined : scene.helper;

  const found = Buffer.alloc(fs.fstatSync(file).size);
  fs.readSync(file, found, 0, found.length, 0);
  const looks = [
    ...handles.map(look),
    ...(helper ? await inTime(helper.tell({ order: 'look' }), 'a look') : []),
  ];
  const problems = [
    ...[asked, called].flatMap(({ member, notes }) =>
      notes.flatMap((note) => judge(note, written, facts).map((text) => `${member.name}: ${text}`)),
    ),
    ...judgeFile(found, oddities(contentOf(cell.index), 0, found), written, facts),
    ...looks.flatMap((each) => judgeLook(each, found, facts)),
  ];
  if (helper) await inTime(helper.tell({ order: 'close' }), 'close in the worker');
  for (const handle of handles.reverse()) await inTime(closing(handle), 'close');
  return problems;
}
