// What run.mjs passes to a part, which is its own process, and what it gets back.
import { loadPeers } from './load.mjs';

const given = JSON.parse(process.argv[2]);

/** A temporary directory for this part. */
export const { directory } = given;
/** 1 GiB of printable bytes; the last 16 of each 16 MiB occur only once. */
export const { big } = given;
/** Lines of text. */
export const { text } = given;
/** The compiled baseline.c, '' without a compiler, and the program of Bun, likewise. */
export const { baseline, bun } = given;
export const { rounds, isQuick } = given;

/** A count or size for --quick, and one for a full run. */
export const pick = (quick, full) => (isQuick ? quick : full);

export const peerNames = given.peers;
/** `only` leaves out peers that cannot do the work. */
export const peers = async (only = () => true) => (await loadPeers(peerNames)).filter(only);

/** Passes the results to run.mjs. */
export function finish(result) {
  process.stdout.write(JSON.stringify(result), () => process.exit());
}
