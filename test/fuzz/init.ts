// Calls what an addon is set up with, with whatever there is, and then its other functions.
// Arguments: a directory, a seed, and how many calls.
import * as fs from 'node:fs';
import { Random } from '../matrix/random.js';
import { functionsOfAddon } from './addon.js';
import { CallLog } from './call-log.js';
import { anyValue } from './values.js';

const [directory = '', seed = '1', count = '300'] = process.argv.slice(2);
const random = new Random(Number(seed));
const log = new CallLog(directory);
const functions = functionsOfAddon();
const [, init] = functions.find(([name]) => name === 'init') ?? [];

const promises: Promise<unknown>[] = [];
function attempt(name: string, call: ((...args: unknown[]) => unknown) | undefined): void {
  const args = Array.from({ length: random.below(6) }, () => anyValue(random));
  log.add(name, args);
  try {
    const result = call?.(...args);
    if (result instanceof Promise) promises.push(result);
  } catch {
    // As it may.
  }
}

for (let index = 0; index < Number(count); ++index) {
  attempt('init', init);
  attempt(...random.pick(functions));
}
await Promise.allSettled(promises);
fs.writeSync(1, 'over');
