import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { turn } from './process.js';
import { tempDir } from './temp.js';

/** Programs that this needs, and the Debian packages that have them. */
const PACKAGES = {
  mount: 'mount',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  xfs_io: 'xfsprogs',
  nbdkit: 'nbdkit',
  nbdfuse: 'libnbd-bin',
  fusermount3: 'fuse3',
} as const;

export type Tool = keyof typeof PACKAGES;

/** What {@link makeFailingDisk} needs. */
export const FAILING_DISK: readonly Tool[] = [
  'mount',
  'mkfs.ext4',
  'nbdkit',
  'nbdfuse',
  'fusermount3',
];

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' };
const isRoot = process.getuid?.() === 0;
/** Before a command that only root may run. */
const AS_ROOT = isRoot ? [] : ['sudo', '-n'];

/** Runs a command; throws, with what it wrote, if it fails. */
function run(...command: string[]): void {
  const [program = '', ...args] = command;
  try {
    execFileSync(program, args, { env: ENV, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new Error(`${message}\n${stderr}`);
  }
}

function works(...command: string[]): boolean {
  try {
    run(...command);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether file systems can be mounted here with these tools; root installs those that are missing.
 * For `describe.runIf`. In CI it throws instead of saying no, so that nothing is skipped there.
 */
export function canMount(...tools: Tool[]): boolean {
  const has = (tool: string) => works('sh', '-c', 'command -v "$0"', tool);
  const missing = () => [
    ...new Set(tools.filter((tool) => !has(tool)).map((tool) => PACKAGES[tool])),
  ];
  const packages = missing();
  const mayMount = isRoot || works(...AS_ROOT, 'true');
  if (mayMount && packages.length > 0) {
    console.warn(`installing ${packages.join(' ')} for the tests`);
    // Another test file may be at it as well.
    const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
    const install = [...apt, '-o', 'DPkg::Lock::Timeout=300', 'install', '-y', ...packages];
    if (!works(...AS_ROOT, ...install)) {
      works(...AS_ROOT, ...apt, 'update');
      works(...AS_ROOT, ...install);
    }
  }
  const lacking = missing();
  if (mayMount && lacking.length === 0) return true;
  const problem =
    (mayMount
      ? ''
      : 'they mount file systems: run them as root, or with a sudo that asks nothing. ') +
    (lacking.length === 0 ? '' : `They need more programs: apt-get install ${lacking.join(' ')}`);
  if (process.env.CI) throw new Error(`these tests cannot run: ${problem}`);
  console.warn(`\n*** TESTS ARE SKIPPED: ${problem} ***\n`);
  return false;
}

const isMounted = (directory: string): boolean =>
  fs.readFileSync('/proc/self/mounts', 'utf8').includes(` ${directory} `);

function unmount(directory: string): void {
  while (isMounted(directory)) {
    if (works(...AS_ROOT, 'umount', directory)) continue;
    // Somebody who is being killed still uses it; then it goes with the last of them.
    run(...AS_ROOT, 'umount', '--lazy', directory);
  }
}

/** Runs a command that only root may run, such as `chattr`; throws if it fails. */
export function asRoot(...command: string[]): void {
  run(...AS_ROOT, ...command);
}

/**
 * Mounts something over a directory or a file, until the test has ended.
 *
 * @param args - What `mount` takes before the target, such as `'--bind', source`.
 * @returns Unmounts it.
 */
export function mountOver(target: string, ...args: string[]): () => void {
  asRoot('mount', ...args, target);
  let isDone = false;
  const undo = () => {
    // Only what was mounted last: there may be something below.
    if (!isDone && !works(...AS_ROOT, 'umount', target)) asRoot('umount', '--lazy', target);
    isDone = true;
  };
  onTestFinished(undo);
  return undo;
}

/** A file system of the running test's own. */
export interface Disk {
  /** Where it is mounted, open to every user. */
  readonly directory: string;
  unmount(): void;
  /** Once more, after {@link unmount}. */
  mount(): void;
  /** Puts everything on the disk that anybody has done until now. */
  sync(): void;
  /** Loses everything that is not on the disk: nothing is written any more until it is mounted again. */
  cutPower(): void;
}

/** The file system on a file or device, which comes and goes with its loop device. */
function mountImage(image: string, type: keyof typeof MAKE): Disk {
  const directory = tempDir();
  // Nothing is to be written only because some time has gone by.
  const options = `loop,noatime${type === 'ext4' ? ',commit=300' : ''}`;
  onTestFinished(() => unmount(directory));
  const mount = () => run(...AS_ROOT, 'mount', '-o', options, image, directory);
  mount();
  run(...AS_ROOT, 'chmod', '777', directory);
  return {
    directory,
    mount,
    unmount: () => unmount(directory),
    sync: () => run('sync', '--file-system', directory),
    cutPower: () => run(...AS_ROOT, 'xfs_io', '-x', '-c', 'shutdown', directory),
  };
}

const MAKE = {
  ext4: ['mkfs.ext4', '-q', '-F', '-b', '4096', '-m', '0', '-E', 'lazy_itable_init=0'],
  xfs: ['mkfs.xfs', '-q', '-f'], // at least 300 MB
} as const;

/** A new file system in a sparse file; gone when the test has ended. */
export function makeDisk(type: keyof typeof MAKE, bytes: number): Disk {
  const image = join(tempDir(), 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, bytes);
  run(...MAKE[type], image);
  return mountImage(image, type);
}

/** An ext4 on a device that fails when it is told to. */
export interface FailingDisk extends Disk {
  /**
   * For the source of a child: `fail('pread', true)` has every read of the device fail with EIO,
   * `'pwrite'` every write; `forget(path)` drops what is cached of a file that nobody has mapped.
   */
  readonly source: string;
}

/** Keep its path open to nobody but root: only that one sees what FUSE mounts. */
export async function makeFailingDisk(bytes: number): Promise<FailingDisk> {
  const flags = tempDir();
  const device = tempDir();
  const flag = (call: string) => join(flags, call);
  const failing = ['pread', 'pwrite'].flatMap((call) => [
    `error-${call}=EIO`,
    `error-${call}-rate=100%`,
    `error-${call}-file=${flag(call)}`,
  ]);
  const kit = ['nbdkit', '-s', '--exit-with-parent', 'memory', `${bytes}`, '--filter=error'];
  const [program = '', ...args] = [...AS_ROOT, 'nbdfuse', device, '--command', ...kit, ...failing];
  const server = spawn(program, args, { env: ENV, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.on('exit', resolve));
  onTestFinished(async () => {
    unmount(device); // which ends the server
    await ended;
  });
  while (!isMounted(device)) {
    if (server.exitCode !== null) throw new Error(`nbdfuse ended with ${server.exitCode}`);
    await turn();
  }
  const image = join(device, 'nbd');
  run(...AS_ROOT, ...MAKE.ext4, image);
  const disk = mountImage(image, 'ext4');
  const source = `
    const flagOf = (call) => require('node:path').join(${JSON.stringify(flags)}, call);
    const fail = (call, isOn) =>
      isOn ? fs.writeFileSync(flagOf(call), '') : fs.rmSync(flagOf(call), { force: true });
    const forget = (path) => {
      for (const name of [path, ${JSON.stringify(image)}]) {
        const [program, ...args] = [...${JSON.stringify(AS_ROOT)}, 'dd', 'of=' + name, 'oflag=nocache',
          'conv=notrunc,fdatasync', 'count=0', 'status=none'];
        require('node:child_process').execFileSync(program, args);
      }
    };`;
  return { ...disk, source };
}
