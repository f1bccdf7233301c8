// What runs the binaries on this machine, and the commands for it.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bun, cache, debianMirror, installPackages, NODES, part, program, run } from '../cache.mjs';

/** The newest Node. */
export const NEWEST = Object.keys(NODES).at(-1);

const nodePackage = (version, suffix = 'x64') =>
  program(`node-linux-${suffix}`, version, 'bin/node');

/** A Node for this machine: `[program, ...arguments]`, as all commands are. */
export const nodeCommand = async (major) => [await nodePackage(NODES[major])];

/** With `--bun`, also for what starts programs as Node would. */
const bunCommand = async () => [await bun(), '--bun'];

const denoCommand = async () => [
  await program('@deno/linux-x64-glibc', '2.9.6', 'deno'),
  'run',
  '--allow-all',
];

/** Bun's build for musl, which needs a C++ library, with Debian's musl, which comes without one. */
async function bunOnMusl() {
  installPackages(['musl']);
  const libraries = join(cache, 'musl');
  await part(libraries, () => {
    fs.rmSync(libraries, { recursive: true, force: true });
    fs.mkdirSync(libraries);
    for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
      fs.symlinkSync(run('g++', `-print-file-name=${name}`).trim(), join(libraries, name));
    }
    const name = 'ld-linux-x86-64.so.2'; // which those libraries load, to get what glibc has
    const source = fileURLToPath(new URL('musl.c', import.meta.url));
    const flags = ['-shared', '-fPIC', '-nostdlib', `-Wl,-soname,${name}`];
    run('gcc', ...flags, '-o', join(libraries, name), source);
  });
  return ['env', `LD_LIBRARY_PATH=${libraries}`, await bun('-musl')];
}

/** A Node for another processor, emulated, with the libraries of Debian's cross compilers. */
const emulated = (version, suffix, qemu, triplet, debian) => async () => {
  installPackages(['qemu-user-static', `libstdc++6-${debian}-cross`, `libatomic1-${debian}-cross`]);
  return [`qemu-${qemu}-static`, '-L', `/usr/${triplet}`, await nodePackage(version, suffix)];
};

/** Debian's own Node for another processor, emulated: npm has none for all. */
const emulatedDebian = (cpu, release) => async () => {
  installPackages(['debootstrap', 'qemu-user-static']);
  const root = join(cache, `debian-${release}-${cpu}`);
  await part(root, () => {
    fs.rmSync(root, { recursive: true, force: true });
    const options = ['--foreign', `--arch=${cpu}`, '--variant=minbase', '--include=nodejs'];
    run('debootstrap', ...options, release, root, debianMirror());
    const archives = join(root, 'var/cache/apt/archives');
    for (const name of fs.readdirSync(archives).filter((each) => each.endsWith('.deb'))) {
      run('dpkg-deb', '--extract', join(archives, name), root);
    }
  });
  return [`qemu-${cpu}-static`, '-L', root, join(root, 'usr/bin/node')];
};

/** Runtimes, by the platform whose binary they run. */
export const RUNTIMES = [
  ...Object.keys(NODES).map((major) => ({
    title: `Node ${major}`,
    platform: 'linux-x64-gnu',
    command: () => nodeCommand(major),
  })),
  { title: 'Bun', platform: 'linux-x64-gnu', command: bunCommand },
  { title: 'Deno', platform: 'linux-x64-gnu', command: denoCommand },
];

export const MORE_RUNTIMES = [
  { title: 'Bun', platform: 'linux-x64-musl', command: bunOnMusl },
  {
    title: 'Node 20 (qemu)',
    platform: 'linux-arm64-gnu',
    command: emulated(NODES[20], 'arm64', 'aarch64', 'aarch64-linux-gnu', 'arm64'),
  },
  {
    title: `Node ${NEWEST} (qemu)`,
    platform: 'linux-arm64-gnu',
    command: emulated(NODES[NEWEST], 'arm64', 'aarch64', 'aarch64-linux-gnu', 'arm64'),
  },
  // The newest that npm has for these.
  {
    title: 'Node 20.11 (qemu, which swaps the halves of the addresses of faults: no faults)',
    platform: 'linux-s390x-gnu',
    env: { FMMAP_SMOKE_NO_FAULTS: '1' },
    command: emulated('20.11.0', 's390x', 's390x', 's390x-linux-gnu', 's390x'),
  },
  {
    title: 'Node 20.11 (qemu)',
    platform: 'linux-arm-gnu',
    command: emulated('20.11.0', 'armv7l', 'arm', 'arm-linux-gnueabihf', 'armhf'),
  },
  {
    title: 'Node 20.11 (qemu)',
    platform: 'linux-ppc64-gnu',
    command: emulated('20.11.0', 'ppc64le', 'ppc64le', 'powerpc64le-linux-gnu', 'ppc64el'),
  },
  {
    title: 'Node 20.19 of Debian (qemu)',
    platform: 'linux-riscv64-gnu',
    command: emulatedDebian('riscv64', 'trixie'),
  },
];
