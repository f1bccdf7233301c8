// Where a file is: its file system, and the numbers by which the kernel knows it.
import * as fs from 'node:fs';
import process from 'node:process';

/** Of `open(2)` on Linux: a descriptor that only stands for a file, and so breaks no lease on it. */
const O_PATH = 0o10000000;

export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly directory: string;
  readonly options: string;
}

export interface Place {
  /** `MAJOR:MINOR:INODE` in the way of `/proc/locks`. */
  readonly key: string;
  readonly mount?: Mount;
}

/** Only for Linux. `stat(2)` may tell other numbers than the kernel uses for locks, as on btrfs and overlayfs. */
export function placeOf(path: string): Place {
  const descriptor = fs.openSync(path, O_PATH);
  try {
    const info = fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
    const inode = /^ino:\s+(\d+)$/m.exec(info)?.[1] ?? ino;
    const id = /^mnt_id:\s+(\d+)$/m.exec(info)?.[1];
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const line = mounts.find((each) => each.startsWith(`${id} `));
    if (line === undefined) return { key: `${deviceOf(dev)}:${inode}` };
    const [head = '', tail = ''] = line.split(' - ');
    const [, , device = '', , directory = '', options = ''] = head.split(' ');
    const [type = '', source = ''] = tail.split(' ');
    const mount = { type, source: unescaped(source), directory: unescaped(directory), options };
    return { key: `${inHex(device.split(':').map(Number))}:${inode}`, mount };
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Whether this system has what {@link placeOf} needs. */
export const hasProc = (): boolean =>
  process.platform === 'linux' && fs.existsSync('/proc/self/mountinfo');

const inHex = (numbers: readonly number[]): string =>
  numbers.map((number) => number.toString(16).padStart(2, '0')).join(':');

/** The major and minor number of a device, as glibc packs them. */
function deviceOf(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return inHex([Number(major), Number(minor & 0xffffffffn)]);
}

/** The kernel writes spaces and the like as `\040`. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)));
