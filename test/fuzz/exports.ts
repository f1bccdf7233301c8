// Calls the exports of the addon with random arguments. Arguments: a directory, a seed, the number of
// calls, and the names to leave out. The last of its calls are in the directory, for whoever finds that
// it has crashed.
import * as fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { MmapFile } from '@fmmap/core';
import { Random } from '../matrix/random.js';
import { functionsOfAddon, recordCalls } from './addon.js';
import { CallLog } from './call-log.js';
import { useAll } from './samples.js';
import { anyMemory, anyNumber, anyValue } from './values.js';

const [directory = '', seed = '1', count = '1000', ...without] = process.argv.slice(2);
const random = new Random(Number(seed));
const log = new CallLog(directory);

const functions = functionsOfAddon.filter(([name]) => !without.includes(name));

// The library takes them out of the addon when it is loaded, so this must come before.
const { samples, lastHandle } = recordCalls();
const core = await import('@fmmap/core');
const node = await import('@fmmap/node');
const { MmapFile: Readable, MmapFileMut: Writable } = core;

const PAGE = 4096;
const content = Buffer.alloc(3 * PAGE, 0xaa);
let names = 0;
function makeFile(): string {
  const path = `${directory}/${names++}`;
  fs.writeFileSync(path, content);
  return path;
}

/** Handles are consecutive numbers. The first one belongs to the file that must not change. */
const healthy = Readable.open(makeFile());
const HEALTHY = 1;
await useAll(core, node, makeFile);

/** Files that calls may do anything to: their final state does not matter. */
const files: MmapFile[] = [];
const handles: number[] = [];
function open(): void {
  const file = random.once(2) ? Writable.open(makeFile()) : Readable.open(makeFile());
  file.asBuffer();
  files.unshift(file);
  handles.unshift(lastHandle());
  for (const list of [files, handles]) list.length = Math.min(list.length, 8);
}

/** Results of calls, handles above all. */
const returned: unknown[] = [];

function argument(): unknown {
  switch (random.below(7)) {
    case 0:
    case 1:
      return random.pick(handles);
    case 2:
      return random.pick(returned.length > 0 ? returned : handles);
    case 3:
      return anyMemory(random);
    case 4:
      return anyNumber(random);
    case 5:
      return random.once(2) ? `${directory}/${random.below(names)}` : `${directory}/new`;
    default:
      return anyValue(random);
  }
}

/** The arguments of a call by the library, with some replaced; or random ones. */
function argumentsFor(name: string): unknown[] {
  const known = samples.get(name) ?? [];
  if (known.length === 0 || random.once(3))
    return Array.from({ length: random.below(9) }, argument);
  const args = [...random.pick(known)];
  const isOfHandle = typeof args[0] === 'number';
  if (isOfHandle && !random.once(8)) args[0] = random.pick(handles);
  for (let changes = random.below(3); changes > 0 && args.length > 0; --changes) {
    args[random.below(args.length)] = argument();
  }
  return args;
}

/** Whether a call would get the number of the file that must not change. */
const isHealthy = (value: unknown): boolean =>
  (typeof value === 'number' || typeof value === 'bigint') && Math.trunc(Number(value)) === HEALTHY;

let promises: Promise<unknown>[] = [];
for (let index = 0; index < Number(count); ++index) {
  if (index % 20 === 0) open();
  const [name, call] = random.pick(functions);
  let args = argumentsFor(name);
  if (isHealthy(args[0])) continue;
  // What a listener throws is an uncaught exception, as it should be.
  if (name === 'watchFaults')
    args = args.map((arg) => (typeof arg === 'function' ? () => {} : arg));
  log.add(name, args);
  try {
    const result = call(...args);
    if (result instanceof Promise) promises.push(result);
    else if (typeof result === 'number' && result > HEALTHY) returned.unshift(result);
    returned.length = Math.min(returned.length, 16);
  } catch {
    // That is allowed; what matters is that the process goes on.
  }
  if (index % 50 > 0) continue;
  await Promise.allSettled(promises);
  promises = [];
  globalThis.gc?.();
  await setImmediate();
}
await Promise.allSettled(promises);
returned.length = 0;
files.length = 0;

const isKept = healthy.length === content.length && healthy.copyBytes().equals(content);
fs.writeSync(1, isKept ? 'kept' : 'the file that nobody touched has changed');
