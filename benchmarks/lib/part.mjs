// What run.mjs hands to a part, a process of its own, and what it gets back.
import { loadPeers } from './load.mjs';

const given = JSON.parse(process.argv[2]);

/** A temporary directory of this part's own. */
export const { directory } = given;
/** 1 GiB of printable bytes, the last 16 of each 16 MiB of which are there once only. */
export const { big } = given;
/** Lines of text. */
export const { text } = given;
/** The compiled baseline.c, '' where there is no compiler, and Bun's program, likewise. */
export const { baseline, bun } = given;
export const { rounds, isQuick } = given;

/** A count or size for --quick, and one for the real thing. */
export const pick = (quick, full) => (isQuick ? quick : full);

export const peerNames = given.peers;
/** `only` leaves out those that cannot do the work. */
export const peers = async (only = () => true) => (await loadPeers(peerNames)).filter(only);

/** Hands the results to run.mjs. */
export function finish(result) {
  process.stdout.write(JSON.stringify(result), () => process.exit());
}
