import { execFileSync } from 'node:child_process';

// Not of platform.ts: the configuration of vitest imports this file, and must not import vitest.
const isWindows = process.platform === 'win32';

/** Programs that the tests need, and the Debian packages that contain them. */
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

export const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' };
const isRoot = process.getuid?.() === 0;
/** Prefix for a command that only root may run. */
export const AS_ROOT = isRoot ? [] : ['sudo', '-n'];

/** Runs a command; throws, with what it wrote, if it fails. */
export function run(...command: string[]): void {
  const [program = '', ...args] = command;
  try {
    execFileSync(program, args, { env: ENV, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new Error(`${message}\n${stderr}`);
  }
}

export function works(...command: string[]): boolean {
  try {
    run(...command);
    return true;
  } catch {
    return false;
  }
}

const has = (tool: string) => works('sh', '-c', 'command -v "$0"', tool);
const lacking = (tools: readonly Tool[]) => [
  ...new Set(tools.filter((tool) => !has(tool)).map((tool) => PACKAGES[tool])),
];
// Root in a container may not be allowed to.
const mayMount = () => works(...AS_ROOT, 'unshare', '--mount', 'true');

/** Why file systems cannot be mounted here, with all of the tools or the given ones; '' if they can. */
export function mountProblem(tools = Object.keys(PACKAGES) as Tool[]): string {
  if (isWindows) return ''; // nothing that could be mended
  const problems: string[] = [];
  if (!mayMount()) {
    problems.push(
      'they mount file systems: run them as root (of a container: --privileged), or with a sudo that asks nothing',
    );
  }
  const packages = lacking(tools);
  if (packages.length > 0) {
    problems.push(`they need more programs: apt-get install ${packages.join(' ')}`);
  }
  return problems.join('; ');
}

function install(packages: readonly string[]): void {
  console.warn(`installing ${packages.join(' ')} for the tests`);
  // Another test file may be installing them, too.
  const apt = [...AS_ROOT, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  const all = [...apt, '-o', 'DPkg::Lock::Timeout=300', 'install', '-y', ...packages];
  if (works(...all)) return;
  works(...apt, 'update');
  works(...all);
}

/**
 * Whether file systems can be mounted here with these tools; root installs those that are missing.
 * For `describe.runIf`: {@link SkippedReporter} reports at the end what was skipped. In CI it throws
 * instead of returning false, so that nothing is skipped there.
 */
export function canMount(...tools: Tool[]): boolean {
  if (isWindows) return false;
  const packages = lacking(tools);
  if (packages.length > 0 && mayMount()) install(packages);
  const problem = mountProblem(tools);
  if (problem !== '' && process.env.CI) throw new Error(`these tests cannot run: ${problem}`);
  return problem === '';
}
