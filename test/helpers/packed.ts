import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNPM, pack, packPlatform } from '../../scripts/pack.mjs';
import { OWN, PLATFORMS } from '../../scripts/platforms/table.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
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
    // What npm and pnpm pass on from the test run, settings and packages, is not meant for this project.
    env: Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^npm_|^NODE_PATH$/i.test(key)),
    ),
  });
  return { code: status, stdout, stderr };
}

export function must(cwd: string, command: string, ...args: readonly string[]): string {
  const { code, stdout, stderr } = run(cwd, command, ...args);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
}

/**
 * A new project in which packages are installed as they would be published.
 * @param isBuilt - Whether the binding comes compiled, as in a release.
 */
export function installed(folders: readonly string[], isBuilt: boolean): string {
  const project = fs.mkdtempSync(join(tmpdir(), 'fmmap-project-'));
  const at = (archive: string) => `file:./${basename(archive)}`;
  const dependencies = Object.fromEntries(
    folders.map((folder) => [published.get(folder)?.name ?? '', at(pack(folder, project))]),
  );
  // '-' leaves a package out.
  const binaries = Object.fromEntries(
    PLATFORMS.map((platform) => [
      platform.package,
      platform === OWN && isBuilt ? at(packPlatform(platform, project)) : '-',
    ]),
  );
  const manifest = {
    name: 'project',
    private: true,
    dependencies,
    pnpm: { overrides: { ...dependencies, ...binaries } },
  };
  fs.writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const flags = ['--prefer-offline', '--ignore-workspace', '--no-frozen-lockfile'];
  must(project, process.execPath, PNPM, 'install', ...flags);
  return project;
}
