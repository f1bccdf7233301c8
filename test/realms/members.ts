// Calls every member of all classes of a flavour across realms. Arguments: a directory, a flavour, and what belongs to another
// realm: the `arguments` or the `library`; or `globals`, which are watched. Prints what was wrong.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../matrix/content.js';
import { inTime } from '../matrix/deadline.js';
import { effectOf } from '../matrix/effects.js';
import { Calls, fileClassOf, type Handle, targetOf, toClass } from '../matrix/handles.js';
import { judge } from '../matrix/judge.js';
import { type Class, classesOf, isStatic, type Member } from '../matrix/members.js';
import { gaps, membersOfAll } from '../matrix/recipes.js';
import { makeEnvironment } from './environment.js';
import { withForeignArguments } from './foreign.js';
import { Modules } from './modules.js';
import { lookAgain, watchGlobals } from './watched.js';

const [directory = '', flavour = '', side = ''] = process.argv.slice(2);
const isForeign = side === 'library';
const wrap = side === 'arguments' ? withForeignArguments : <T>(target: T) => target;

const modules = new Modules(isForeign ? makeEnvironment() : undefined);
const exported = ['@fmmap/core', `@fmmap/${flavour}`];
const classes = new Map(
  exported.flatMap((name) => Object.entries(modules.load(name))),
) as unknown as ReadonlyMap<string, Class>;

/** The classes of this realm. */
const lists = await Promise.all(exported.map(async (name) => classesOf(await import(name))));
const members = membersOfAll(new Map(lists.flatMap((list) => [...list])));

const LENGTH = 20_000;
const CALLS = 6;
const file = 1;
let files = 0;

function makeFile(): string {
  const path = join(directory, `file-${files++}`);
  fs.writeFileSync(path, contentOf(file).subarray(0, LENGTH));
  return path;
}

async function problemsOf(member: Member): Promise<string[]> {
  lookAgain();
  const type = fileClassOf(member.type);
  const handle = (await toClass(classes, type).open(makeFile())) as Handle;
  const place = { offset: 4000, length: 40, size: LENGTH, path: makeFile(), directory, file };
  const target = wrap(targetOf(member, classes, handle, place));
  const calls = new Calls(member, target, handle, place);
  // One after the other, but only one of those that end the handle.
  const effect = effectOf(member.name);
  for (let count = effect.closes ? 1 : CALLS; count > 0; --count) {
    calls.start();
    await inTime(calls.ended(), `${member.type} ${member.name}`);
  }
  const facts = {
    ...{ length: LENGTH, effects: [effect], sizes: [LENGTH], cut: undefined },
    ...{ isForeign: false, isMappedTwice: false, isClosed: false, unknown: undefined },
  };
  const wrong = calls.notes.list.flatMap((note) => judge(note, calls.notes.written, facts));
  for (const kept of [...calls.notes.kept, handle] as Handle[]) await kept.close();
  return wrong.map((text) => `${member.type} ${member.name}: ${text}`);
}

const reads = side === 'globals' ? watchGlobals() : new Set<string>();
const problems = gaps(members).filter((gap) => gap.startsWith('no recipe'));
for (const member of members) {
  try {
    problems.push(...(await problemsOf(member)));
  } catch (error) {
    problems.push(`${member.type} ${member.name}: ${(error as Error).stack}`);
  }
}
if (!members.some(({ name }) => isStatic(name)) || members.length < 100)
  problems.push('few members');
problems.push(...[...reads].map((read) => `reads ${read}`));
fs.writeSync(1, problems.join('\n'));
process.exit(); // like an environment that is torn down
