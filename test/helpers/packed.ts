import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PNPM = join(ROOT, 'node_modules/pnpm/bin/pnpm.cjs');
const MINUTE = 60_000;

export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** The manifests as published, by the folders of the packages. */
export const published: ReadonlyMap<string, Manifest> = new Map(
  ['native', ...fs.readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`)].map(
    (folder) => [folder, JSON.parse(fs.readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))],
  ),
);

/** The modules of a package that can be imported. */
export function entriesOf({ name, exports = { '.': '' } }: Manifest): string[] {
  return Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => name + entry.slice(1));
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(cwd: string, command: string, ...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 3 * MINUTE,
    // What npm and pnpm pass on from the test run is not meant for this project.
    env: Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(npm_|NODE_PATH$)/i.test(key)),
    ),
  });
  return { code: status, stdout, stderr };
}

export function must(cwd: string, command: string, ...args: readonly string[]): string {
  const { code, stdout, stderr } = run(cwd, command, ...args);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
}

const pnpm = (cwd: string, ...args: readonly string[]) =>
  must(cwd, process.execPath, PNPM, ...args);

/**
 * A new project in which packages are installed as they would be published.
 * @param isBuilt - Whether the binding comes compiled, as in a release.
 */
export function installed(folders: readonly string[], isBuilt: boolean): string {
  const project = fs.mkdtempSync(join(tmpdir(), 'fmmap-project-'));
  const all = Object.fromEntries(
    folders.map((folder) => {
      const packed = pnpm(join(ROOT, folder), 'pack', '--pack-destination', project).trim();
      const archive = basename(packed.split('\n').at(-1) ?? '');
      if (folder === 'native' && isBuilt) addBinding(project, archive);
      return [published.get(folder)?.name ?? '', `file:./${archive}`];
    }),
  );
  const manifest = { name: 'project', private: true, dependencies: all, pnpm: { overrides: all } };
  fs.writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  pnpm(project, 'install', '--prefer-offline', '--ignore-workspace', '--no-frozen-lockfile');
  return project;
}

/** Adds the binding that was compiled here, where a release has the one for this platform. */
function addBinding(project: string, archive: string): void {
  const from = join(project, 'unpacked');
  const to = join(from, 'package/prebuilds', `${process.platform}-${process.arch}`, 'native.node');
  fs.mkdirSync(dirname(to), { recursive: true });
  must(project, 'tar', 'xzf', archive, '-C', from);
  fs.copyFileSync(join(ROOT, 'native/build/Release/fmmap.node'), to);
  must(project, 'tar', 'czf', archive, '-C', from, 'package');
  fs.rmSync(from, { recursive: true });
}
