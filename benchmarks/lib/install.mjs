import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BUN, PEERS } from './peers.mjs';

const CACHE = fileURLToPath(new URL('../.peers/', import.meta.url));
const GYP = fileURLToPath(
  new URL('../../native/node_modules/node-gyp/bin/node-gyp.js', import.meta.url),
);

/** Where a peer is, or will be, installed. */
export const folderOf = (name) => join(CACHE, name.replaceAll('/', '+'));
export const packageOf = (name) => join(folderOf(name), 'node_modules', name);
/** A peer as npm would fetch it, but for the changes that it needs to compile. */
export const archiveOf = (name) => join(folderOf(name), 'peer.tgz');
/** What keeps npm from doing and saying more than it is asked to. */
export const QUIET = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];

function run(command, args, cwd) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  const why = /^.*\berror\b.*$/im.exec(`${stderr}\n${stdout}`)?.[0];
  throw new Error(why ?? error?.message ?? `${command} ended with ${status}`);
}

/** The manifest of a project that has one package. */
export function manifestFor(name, version) {
  const overrides = { nan: '2.30.0' }; // the oldest versions that the peers allow do not support Node 20
  return JSON.stringify({ private: true, dependencies: { [name]: version }, overrides });
}

/** Fetches the sources of a peer and its dependencies, as for a user, without running scripts. */
function fetchPackage({ name, version }) {
  const folder = folderOf(name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), manifestFor(name, version));
  run('npm', ['install', '--ignore-scripts', ...QUIET], folder);
}

/** Makes the changes that the sources need in order to compile. */
function editSources({ name, edits = {} }) {
  for (const [file, changes] of Object.entries(edits)) {
    const path = join(packageOf(name), file);
    let text = readFileSync(path, 'utf8');
    for (const [from, to] of changes) {
      const changed = text.replaceAll(from, to);
      if (changed === text) throw new Error(`${file} has no ${from} to change`);
      text = changed;
    }
    writeFileSync(path, text);
  }
}

function pack({ name }) {
  const from = ['-C', dirname(packageOf(name)), '--exclude=node_modules', basename(name)];
  run('tar', ['-czf', archiveOf(name), ...from], '.');
}

function compile({ name, gyp }) {
  // npm tells node-gyp where Node's headers are; without npm, they are where Node is installed.
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include/node/node.h'));
  const headers = process.env.npm_config_nodedir || !hasHeaders ? [] : [`--nodedir=${prefix}`];
  run(process.execPath, [GYP, 'rebuild', ...headers, ...gyp], packageOf(name));
}

/** Fetches and compiles a peer, once. @returns Why that failed, or ''. */
function install(peer) {
  const result = join(folderOf(peer.name), 'result');
  const wanted = JSON.stringify(
    [peer.version, process.version, peer.edits, peer.gyp],
    (_, value) => (value instanceof RegExp ? String(value) : value),
  );
  const [known, why = ''] = existsSync(result) ? readFileSync(result, 'utf8').split('\n') : [];
  if (known === wanted) return why;
  console.error(`installing ${peer.name} ${peer.version} …`);
  let failure = '';
  try {
    fetchPackage(peer);
    editSources(peer);
    if (peer.gyp) {
      pack(peer);
      compile(peer);
    }
  } catch (error) {
    failure = error.message.trim().split('\n')[0];
  }
  mkdirSync(folderOf(peer.name), { recursive: true });
  writeFileSync(result, `${wanted}\n${failure}`);
  return failure;
}

/** @returns For each peer: name, version, the changes that were needed, and why it failed, if it did. */
export function installPeers() {
  return [...PEERS, BUN].map((peer) => ({
    name: peer.name,
    isPeer: peer !== BUN,
    version: peer.version,
    changes: peer.changes ?? '',
    failure: install(peer),
  }));
}

/** The program of Bun; undefined if it could not be installed. */
export function bunProgram() {
  const path = join(packageOf(BUN.name), 'bin/bun');
  return existsSync(path) ? path : undefined;
}
