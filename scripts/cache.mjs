// What building and testing for other systems needs, in one folder that checkouts share: `~/.cache/fmmap`, or what FMMAP_CACHE
// names. Each part is made once, and by one checkout at a time: nothing keeps two from making the same part. Delete the folder
// to make it anew.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connected } from './certificates.mjs';

export const cache = process.env.FMMAP_CACHE ?? join(homedir(), '.cache/fmmap');

/** Runs a program, whose output is shown only if it fails. */
export function run(program, ...args) {
  const options = { encoding: 'utf8', env: connected() };
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (status === 0) return stdout;
  throw new Error(
    `${[program, ...args].join(' ')}: ${error ?? `ended with ${status}`}\n${stdout}${stderr}`,
  );
}

/** Makes a part unless it is there; one that was interrupted is made again. */
export async function part(path, make) {
  const stamp = `${path}.done`;
  if (fs.existsSync(stamp)) return path;
  console.log(`making ${path}`);
  fs.mkdirSync(cache, { recursive: true });
  await make();
  fs.writeFileSync(stamp, '');
  return path;
}

/** A package of npm's, unpacked. */
export function unpacked(name, version) {
  const folder = join(cache, `${name.replace('/', '+')}-${version}`);
  return part(folder, () => {
    fs.mkdirSync(folder, { recursive: true });
    const spec = `${name}@${version}`;
    const archive = join(
      folder,
      run('npm', 'pack', '--silent', '--pack-destination', folder, spec).trim(),
    );
    run('tar', '-xzf', archive, '-C', folder, '--strip-components=1');
    fs.rmSync(archive);
  });
}

/** A program in a package of npm's. */
export async function program(name, version, path) {
  const file = join(await unpacked(name, version), path);
  fs.chmodSync(file, 0o755);
  return file;
}

/** @param {'' | '-musl'} libc */
export const bun = (libc = '') =>
  program(`@oven/bun-linux-x64${libc}-baseline`, '1.4.4', 'bin/bun');

/** Installs the Debian packages that are missing, or says which ones are. */
export function installPackages(names) {
  const missing = names.filter((name) => spawnSync('dpkg', ['-s', name]).status !== 0);
  if (missing.length === 0) return;
  const wait = '--option DPkg::Lock::Timeout=300'; // for what else installs packages
  const command = `apt-get install ${wait} --yes --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid() !== 0)
    throw new Error(`this needs Debian packages that are missing: sudo ${command}`);
  console.log(command);
  run('apt-get', 'update');
  run('apt-get', ...command.split(' ').slice(1));
}

/** The mirror of Debian's that apt uses on this machine. */
export function debianMirror() {
  const lines = run(
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
  ).split('\n');
  return lines.find((line) => /\/debian\/?$/.test(line)) ?? 'http://deb.debian.org/debian';
}

/** The Node releases that tests run on. */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };
export const NODE_API_HEADERS = ['node-api-headers', '1.9.0'];
