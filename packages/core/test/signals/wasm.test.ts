import { expect } from 'vitest';
import { hearForeign, SURVIVED } from '../helpers/foreign.js';
import { whereSignals } from '../helpers/platform.js';
import { OUTSIDE, TRAPS } from '../helpers/wasm.js';

const { describe, test } = whereSignals;

// V8 notices by SIGSEGV, in its own handlers, that WebAssembly code has left its memory.

const SEEN = [
  JSON.stringify(TRAPS),
  ...SURVIVED.split(',').flatMap((fault, i) => (i === 0 ? [fault, OUTSIDE] : [fault])),
];

describe.each([
  ['', []],
  [' without signal handlers', ['--disable-wasm-trap-handler']],
  [' that is optimised at once', ['--no-liftoff']],
])('WebAssembly%s', (_, flags) => {
  test('traps before the first mapping, after it, and after faults', async () => {
    const said = await hearForeign('signals/wasm#traps', { flags });
    expect(said).toEqual([TRAPS, TRAPS, SURVIVED, TRAPS, SURVIVED, TRAPS]);
  });

  test('traps in turns with our faults, hundreds of times', async () => {
    const said = await hearForeign('signals/wasm#inTurns', { flags });
    expect(said).toEqual([SEEN]);
  });

  test('traps in turns with our faults in several threads at once', async () => {
    const said = await hearForeign('signals/wasm#inThreads', { flags });
    expect(said).toEqual([SEEN, SEEN, SEEN, SEEN, SEEN]);
  });
});
