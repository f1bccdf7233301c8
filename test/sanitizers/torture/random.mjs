/** Random numbers from a seed (mulberry32): the same seed leads to the same calls. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  /** An integer from 0 up to, but not including, `limit`. */
  const below = (limit) => Math.floor(next() * limit);
  return { below, of: (list) => list[below(list.length)], chance: (share) => next() < share };
}
