import { createRequire } from 'node:module';
import { join } from 'node:path';

import { packageOf } from './install.mjs';
import { PEERS } from './peers.mjs';

/** Loads a peer: `map(path, size, { write, offset })` gives a Buffer; `flush` and `unmap` where it has them. */
export async function loadPeer(name) {
  const { entry = '', readOnly = false, longest, adapt } = PEERS.find((one) => one.name === name);
  const path = join(packageOf(name), entry);
  const library = entry.endsWith('.js') ? await import(path) : createRequire(path)(path);
  return { name, readOnly, longest, ...adapt(library) };
}

/** Those that could be built. */
export const loadPeers = async (names) => Promise.all(names.map(loadPeer));
