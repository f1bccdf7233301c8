// The big file as mapped by the peers.
import * as part from './part.mjs';

/** Touches each page, so that all of them are in memory and mapped. */
export function touched(mapped) {
  for (let at = 0; at < mapped.length; at += 4096) mapped[at];
  return mapped;
}

/** A contender for each peer, which `make` creates from its map of the first `length` bytes. */
export async function addPeerMaps(contenders, left, length, make) {
  for (const peer of await part.peers()) {
    if (peer.longest < length) left[peer.name] = 'ends the process when asked for 1 GiB';
    else contenders[peer.name] = make(touched(peer.map(part.big, length)));
  }
}
