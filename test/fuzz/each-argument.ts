// Calls every export of the addon as the library does, with one argument replaced: each of them, by each of the
// values at which something ends.
import { attempt, finish, functions, handles, random, samplesOf } from './setup.js';
import { edges } from './values.js';

/** How many calls by the library are varied of each function: the last that differ. */
const MOST = 3;

const textOf = (args: readonly unknown[]): string => args.map((arg) => String(arg)).join();

function callsOf(name: string): readonly (readonly unknown[])[] {
  const different = new Map(samplesOf(name).map((args) => [textOf(args.slice(1)), args]));
  return [...different.values()].slice(-MOST);
}

for (const [name, call] of functions) {
  for (const sample of callsOf(name)) {
    for (const position of sample.keys()) {
      for (const edge of edges()) {
        const args = [...sample];
        if (position > 0 && typeof args[0] === 'number') args[0] = random.pick(handles);
        args[position] = edge;
        await attempt(name, call, args);
      }
    }
    for (let length = 0; length < sample.length; ++length) {
      await attempt(name, call, sample.slice(0, length));
    }
  }
}
await finish();
