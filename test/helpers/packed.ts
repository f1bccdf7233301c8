import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNPM, pack } from '../../scripts/pack.mjs';

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

const PLATFORMS = join(ROOT, 'native/platforms');

/** The packages with binaries: their names, and which of them is for this platform. */
export const platforms: ReadonlyMap<string, { readonly folder: string; readonly isOwn: boolean }> =
  new Map(
    fs.readdirSync(PLATFORMS).map((folder) => {
      const file = join(PLATFORMS, folder, 'package.json');
      const { name, os, cpu, libc } = JSON.parse(fs.readFileSync(file, 'utf8'));
      const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
      const hasLibc =
        libc === undefined || libc[0] === (header.glibcVersionRuntime ? 'glibc' : 'musl');
      const isOwn = os[0] === process.platform && cpu[0] === process.arch && hasLibc;
      return [name, { folder: `native/platforms/${folder}`, isOwn }];
    }),
  );

/** The packages that fit this platform: one. */
export const OWN: readonly string[] = [...platforms].flatMap(([name, { isOwn }]) =>
  isOwn ? name : [],
);

/** Packs the package of a platform with what was compiled here, or, for another platform, with something in its place. */
export function packPlatform(name: string, to: string): string {
  const { folder = '', isOwn = false } = platforms.get(name) ?? {};
  const staged = fs.mkdtempSync(join(tmpdir(), 'fmmap-platform-'));
  const archive = join(to, `${basename(name)}.tgz`);
  try {
    const binary = join(staged, 'package/fmmap.node');
    fs.cpSync(join(ROOT, folder), join(staged, 'package'), { recursive: true });
    if (isOwn) fs.copyFileSync(join(ROOT, 'native/src/build/Release/fmmap.node'), binary);
    else fs.writeFileSync(binary, `for ${name}`);
    must(to, 'tar', 'czf', archive, '-C', staged, 'package');
  } finally {
    fs.rmSync(staged, { recursive: true });
  }
  return archive;
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
    [...platforms].map(([name, { isOwn }]) => [
      name,
      isOwn && isBuilt ? at(packPlatform(name, project)) : '-',
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
