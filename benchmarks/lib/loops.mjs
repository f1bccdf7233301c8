// The inner loops that all contenders run, in Node and in Bun.

const SEED = 2463534242;

let copies = 0;

/**
 * `loop(source, count, range)`: reads at random offsets below `range`, and returns a sum. Each contender
 * gets its own function, with a different text, so that it shares nothing that the compiler has learned
 * from the others. Its variables come from a typed array, and `>>> 0` stays where it is, so that no
 * number of its own is boxed or divided as a float.
 * @param read - The expression, with `source` and `OFFSET`.
 * @param kind - 'number'; 'wide' for BigInts; 'chain' if the next offset depends on the value.
 */
export function makeLoop(read, kind = 'number') {
  const offset = `((${kind === 'chain' ? 'x ^ last' : 'x'}) >>> 0) % n >>> 0`;
  const call = read.replaceAll('OFFSET', 'at');
  const step = { number: `sum += ${call}`, chain: `last = ${call} | 0`, wide: `sum ^= ${call}` };
  const result = { number: 'sum', chain: 'last', wide: 'Number(sum & 0xffffffffn)' };
  const state = Int32Array.of(SEED, 0);
  copies += 1;
  return new Function(
    'state',
    `return (source, count, range, target) => { // ${copies}
      const n = range >>> 0;
      let x = state[0], last = state[1], sum = ${kind === 'wide' ? '0n' : '0'};
      for (let i = 0; i < count; i += 1) {
        x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
        const at = ${offset};
        ${step[kind]};
      }
      return ${result[kind]};
    };`,
  )(state);
}

/** Nanoseconds per read. The check is the sum of the first thousand. */
export function timedLoop(loop, source, count, range, target) {
  // Many short runs, so that the whole function is compiled and not just a running loop.
  const warm = Math.min(20_000, Math.ceil(count / 50));
  for (let n = 0; n < warm; n += 1) loop(source, 50, range, target);
  const check = loop(source, 1000, range, target);
  return () => {
    const started = performance.now();
    loop(source, count, range, target);
    return { value: ((performance.now() - started) * 1e6) / count, check };
  };
}

/** The sum of 32-bit words, modulo 2^32, written in the obvious way. */
export function sumWords(words) {
  let total = 0;
  for (let n = 0; n < words.length; n += 1) total = (total + words[n]) | 0;
  return total >>> 0;
}

/** The same, four words at a time, each with its own sum, so that none waits for another. */
export function sumFast(words) {
  const { length } = words;
  const whole = length - (length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let n = 0; n < whole; n += 4) {
    a = (a + words[n]) | 0;
    b = (b + words[n + 1]) | 0;
    c = (c + words[n + 2]) | 0;
    d = (d + words[n + 3]) | 0;
  }
  for (let n = whole; n < length; n += 1) a = (a + words[n]) | 0;
  return (a + b + c + d) >>> 0;
}

/** The words of a buffer that starts at a multiple of four. */
export const wordsOf = ({ buffer, byteOffset, length }) =>
  new Int32Array(buffer, byteOffset, length >> 2);
