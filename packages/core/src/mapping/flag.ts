// The flag of a window: a byte of its footer that the binding sets as soon as a page of the window is lost.

/** Outside of V8's heap, so that its address and length are constants of the compiled code. */
const FENCE = new Uint8Array(new ArrayBuffer(1));

/**
 * Whether everything that was read from the window up to now was really there.
 *
 * A compiler may take one load of a byte for two reads of it if nothing that it knows of writes to it in between; V8 14 does.
 * A store to memory that may be the same, as far as it can tell, keeps it from that, and from moving the caller's loads past
 * this one.
 *
 * The flag is compared with 0 by using it as an index: until a flag has been raised, V8 needs only a bounds check for that, and
 * the caller has no second branch. With a branch that has never been taken, V8 12 and newer keep none of a loop's values in
 * registers, and random reads take two to three times as long.
 */
export function isIntact(flag: DataView): boolean {
  FENCE[0] = 0;
  return FENCE[flag.getInt8(0)] !== undefined;
}
