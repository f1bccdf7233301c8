import { createRequire } from 'node:module';
import { join } from 'node:path';

import { packageOf } from './install.mjs';
import { PEERS } from './peers.mjs';

const find = (name) => PEERS.find((peer) => peer.name === name);

export const entryOf = (name) => join(packageOf(name), find(name).entry ?? '');

/**
 * Loads a peer: `map(path, size, { write, offset })` gives a Buffer; it has `flush` and `unmap` where
 * the package has something of the kind.
 */
export async function loadPeer(name) {
  const { readOnly = false, leaks = false, longest, adapt, entry = '' } = find(name);
  const path = entryOf(name);
  const isModule = entry.endsWith('.js');
  const library = isModule ? await import(path) : createRequire(path)(path);
  return { name, readOnly, leaks, longest, ...adapt(library) };
}

/** Those that could be built. */
export const loadPeers = async (names) => Promise.all(names.map(loadPeer));
