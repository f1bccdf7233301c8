import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AS_ROOT, ENV, run, works } from './mounting.js';
import { turn } from './process.js';
import { tempDir } from './temp.js';

const isMounted = (directory: string): boolean =>
  fs.readFileSync('/proc/self/mounts', 'utf8').includes(` ${directory} `);

function unmount(directory: string): void {
  while (isMounted(directory)) {
    if (works(...AS_ROOT, 'umount', directory)) continue;
    // A process that is being killed still uses it; it is unmounted with the last of them.
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
 * @returns A function that unmounts it.
 * @returns Unmounts it.
 */
export function mountOver(target: string, ...args: string[]): () => void {
  asRoot('mount', ...args, target);
  let isDone = false;
  const undo = () => {
    // Only the last mount: there may be others below.
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
  /** Mounts it again, after {@link unmount}. */
  mount(): void;
  /** Writes everything done so far to the disk. */
  sync(): void;
  /** Loses everything that is not on the disk: nothing is written until it is mounted again. */
  cutPower(): void;
}

/** Whether a loop device shows the file. */
function isUsed(image: string): boolean {
  return fs.readdirSync('/sys/block').some((name) => {
    try {
      return fs.readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8') === `${image}\n`;
    } catch {
      return false;
    }
  });
}

/**
 * A file system that was unmounted lives on while a process has it in another namespace, as when that process asks whether it may
 * mount. To mount it then would bring back the one whose power was cut.
 */
function waitUntilUnused(image: string): void {
  const until = Date.now() + 10_000;
  while (isUsed(image)) {
    if (Date.now() > until) throw new Error(`a loop device still shows ${image}`);
  }
}

/** The file system on a file or device; its loop device is set up and detached with it. */
function mountImage(image: string, type: keyof typeof MAKE): Disk {
  const directory = tempDir();
  // Nothing must be written just because time has passed.
  const options = `loop,noatime${type === 'ext4' ? ',commit=300' : ''}`;
  onTestFinished(() => unmount(directory));
  const mount = () => {
    waitUntilUnused(image);
    run(...AS_ROOT, 'mount', '-o', options, image, directory);
  };
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

/** A new file system in a sparse file, which is removed when the test has ended. */
export function makeDisk(type: keyof typeof MAKE, bytes: number): Disk {
  const image = join(tempDir(), 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, bytes);
  run(...MAKE[type], image);
  return mountImage(image, type);
}

/** An ext4 file system on a device that fails on request. */
export interface FailingDisk extends Disk {
  /** For `programs/failing-disk.cjs`, with which a program makes it fail. */
  readonly control: object;
}

/** Open its path as root only: what FUSE mounts is visible to no other user. */
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
  return { ...disk, control: { flags, image, asRoot: AS_ROOT } };
}
