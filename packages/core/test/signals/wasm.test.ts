import { describe, expect, test } from 'vitest';
import { hearForeign, SURVIVED } from '../helpers/foreign.js';
import { OUTSIDE, TRAPS, WASM } from '../helpers/wasm.js';

// WebAssembly finds out by SIGSEGV that a program has left its memory, by handlers of V8.

/** Traps and faults in turn; what they were, once each. */
const INTERLEAVED = `
  const seen = new Set([JSON.stringify(traps())]);
  for (let i = 0; i < 300; ++i) {
    const one = open();
    seen.add(i % 2 ? scribble(one) : lose(one));
    one.file.close();
    seen.add(trapOf(() => wasm.load(65536 + 4096 * i)));
    if (i % 10 === 0) seen.add(JSON.stringify(traps()));
  }
  return [...seen];`;
const SEEN = [
  JSON.stringify(TRAPS),
  ...SURVIVED.split(',').flatMap((fault, i) => (i === 0 ? [fault, OUTSIDE] : [fault])),
];

describe.each([
  ['', []],
  [' that does without signals', ['--disable-wasm-trap-handler']],
  [' that is optimised at once', ['--no-liftoff']],
])('WebAssembly%s', (_, flags) => {
  test('traps before the first mapping, after it, and after faults', async () => {
    const source = `
      ${WASM}
      say(traps());
      const [one, other] = [open(), open()];
      say(traps());
      say(survive(one, other));
      say(traps());
      say(survive());
      say(traps());`;
    const said = await hearForeign(source, { flags });
    expect(said).toEqual([TRAPS, TRAPS, SURVIVED, TRAPS, SURVIVED, TRAPS]);
  });

  test('traps in turns with faults of ours, hundreds of times', async () => {
    const said = await hearForeign(`${WASM} say((() => { ${INTERLEAVED} })());`, { flags });
    expect(said).toEqual([SEEN]);
  });

  test('traps in turns with faults of ours in several threads at once', async () => {
    const source = `
      const threads = await Promise.all([1, 2, 3].map(startEquipped));
      const working = threads.map((thread) => thread.run(() => { ${WASM} ${INTERLEAVED} }));
      ${WASM}
      say((() => { ${INTERLEAVED} })());
      for (const seen of await Promise.all(working)) say(seen);
      for (const thread of threads) await thread.end();
      // The handlers stay, and so does what they do.
      say((() => { ${INTERLEAVED} })());
      process.exit();`;
    const said = await hearForeign(source, { flags });
    expect(said).toEqual([SEEN, SEEN, SEEN, SEEN, SEEN]);
  });
});
