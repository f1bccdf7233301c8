// The flag of a window: a byte of its footer that the binding sets as soon as a page of the window is lost.

const FENCE = new Uint8Array(1);

/**
 * Whether everything that was read from the window up to now was really there.
 *
 * A compiler may take one load of a byte for two reads of it if nothing that it knows of writes to it in between; V8 14 does.
 * A store to memory that may be the same, as far as it can tell, keeps it from that, and from moving the caller's loads past
 * this one.
 */
export function isIntact(flag: DataView): boolean {
  FENCE[0] = 0;
  return flag.getInt8(0) === 0;
}
