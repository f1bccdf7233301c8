import { createRequire } from 'node:module';
import { join } from 'node:path';

import { packageOf } from './install.mjs';
import { PEERS } from './peers.mjs';

const find = (name) => PEERS.find((peer) => peer.name === name);

export const entryOf = (name) => join(packageOf(name), find(name).entry ?? '');

/**
 * Loads a peer: `map(path, size, { write, offset })` returns a Buffer; there are `flush` and `unmap` if
 * the package supports them.
 */
export async function loadPeer(name) {
  const { readOnly = false, leaks = false, longest, adapt, entry = '' } = find(name);
  const path = entryOf(name);
  const isModule = entry.endsWith('.js');
  const library = isModule ? await import(path) : createRequire(path)(path);
  return { name, readOnly, leaks, longest, ...adapt(library) };
}

/** The peers that could be built. */
export const loadPeers = async (names) => Promise.all(names.map(loadPeer));
