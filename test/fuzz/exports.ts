// Calls the exports of the addon with whatever there is. Arguments: a directory, a seed, how many
// calls, and what is left alone. The last of its calls are in the directory for who finds that it
// has crashed.
import * as fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { MmapFile, MmapFileMut } from '@fmmap/core';
import { Random } from '../matrix/random.js';
import { functionsOfAddon } from './addon.js';
import { CallLog } from './call-log.js';
import { anyMemory, anyNumber, anyValue } from './values.js';

const [directory = '', seed = '1', count = '1000', ...without] = process.argv.slice(2);
const random = new Random(Number(seed));
const log = new CallLog(directory);

const functions = functionsOfAddon().filter(([name]) => !without.includes(name));

const PAGE = 4096;
const content = Buffer.alloc(3 * PAGE, 0xaa);
let names = 0;
function makeFile(): string {
  const path = `${directory}/${names++}`;
  fs.writeFileSync(path, content);
  return path;
}

/** Handles are numbers that are counted up. The first one is nobody's but its own. */
const healthy = MmapFile.open(makeFile());
const HEALTHY = 1;

/** Files that calls may do anything to: what they are left with is no matter. */
let opened = 1;
const files: MmapFile[] = [];
function open(): void {
  const file = random.once(2) ? MmapFileMut.open(makeFile()) : MmapFile.open(makeFile());
  file.asBuffer();
  opened += 1;
  files[opened % 8] = file;
}

/** What calls have returned: handles most of all. */
const returned: unknown[] = [];

function argument(): unknown {
  switch (random.below(7)) {
    case 0:
    case 1:
      return Math.max(HEALTHY + 1, opened - random.below(8));
    case 2:
      return returned.length > 0 ? random.pick(returned) : opened;
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

/** Whether a call would get the number of the file that must stay as it is. */
const isHealthy = (value: unknown): boolean =>
  (typeof value === 'number' || typeof value === 'bigint') && Math.trunc(Number(value)) === HEALTHY;

let promises: Promise<unknown>[] = [];
for (let index = 0; index < Number(count); ++index) {
  if (index % 20 === 0) open();
  const [name, call] = random.pick(functions);
  let args = Array.from({ length: random.below(9) }, argument);
  if (isHealthy(args[0])) continue;
  // What a listener throws is an uncaught exception, as it should be.
  if (name === 'watchFaults')
    args = args.map((arg) => (typeof arg === 'function' ? () => {} : arg));
  log.add(name, args);
  try {
    const result = call(...args);
    if (result instanceof Promise) promises.push(result);
    else if (typeof result === 'number' && result > HEALTHY) returned[index % 16] = result;
  } catch {
    // As it may; how the process goes on is what counts.
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
