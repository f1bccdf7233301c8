import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack, packPlatform } from '../scripts/pack.mjs';
import { OWN, PLATFORMS } from '../scripts/platforms/table.mjs';
import { serve } from '../scripts/registry.mjs';
import { type Manager, type ManagerName, managers } from './helpers/managers.js';
import { tempDir } from './helpers/program.js';

// The packages as they would be published, installed from a registry into empty projects: without scripts, compilers or Python.

const MINUTE = 60_000;
const SMOKE = fileURLToPath(new URL('smoke', import.meta.url));

let archives: string;
let registry: Awaited<ReturnType<typeof serve>>;
let known: Readonly<Record<ManagerName, Manager>>;

beforeAll(async () => {
  archives = process.env.FMMAP_ARCHIVES ?? fs.mkdtempSync(join(tmpdir(), 'fmmap-archives-'));
  if (process.env.FMMAP_ARCHIVES === undefined) {
    for (const folder of ['native', 'packages/core']) pack(folder, archives);
    for (const platform of PLATFORMS) packPlatform(platform, archives);
  }
  registry = await serve(archives);
  known = await managers();
}, 5 * MINUTE);

afterAll(() => {
  registry?.close();
  if (process.env.FMMAP_ARCHIVES === undefined) fs.rmSync(archives, { recursive: true });
});

/** A directory of programs that has only Node and a shell. */
function bareBin(home: string): string {
  const bin = join(home, 'bin');
  fs.mkdirSync(bin);
  fs.symlinkSync(process.execPath, join(bin, 'node'));
  fs.symlinkSync('/bin/sh', join(bin, 'sh'));
  return bin;
}

class Project {
  readonly home = tempDir();
  readonly folder = join(this.home, 'project');
  /** Nothing of this machine's. */
  private readonly env: NodeJS.ProcessEnv = {
    PATH: bareBin(this.home),
    HOME: this.home,
    TMPDIR: this.home,
    NO_COLOR: '1',
    CI: '1',
  };

  constructor(readonly manager: Manager) {
    fs.cpSync(SMOKE, this.folder, { recursive: true });
    const manifest = { name: 'project', private: true, dependencies: { '@fmmap/core': '*' } };
    this.write('package.json', JSON.stringify(manifest));
    for (const [name, text] of Object.entries(manager.settings(registry.address))) {
      this.write(name, text);
    }
  }

  write(name: string, text: string): void {
    fs.writeFileSync(join(this.folder, name), text);
  }

  /** Resolves with what a program prints. */
  async run(command: readonly string[], env = this.env): Promise<string> {
    const [program = '', ...args] = command;
    const { stdout, stderr } = await promisify(execFile)(program, args, {
      cwd: this.folder,
      timeout: 5 * MINUTE,
      env,
    }).catch(({ code, stdout, stderr }) => {
      throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    });
    return stdout + stderr;
  }

  install(...more: readonly string[]): Promise<string> {
    return this.run([...this.manager.command, ...this.manager.install, ...more]);
  }

  /** What a program of the project prints. */
  async said(name: string): Promise<string> {
    const said = await this.run([...this.manager.node, '--no-warnings', name]);
    return said.trim();
  }

  /** The names of the installed packages with binaries, wherever the manager has put them. */
  binaries(): string[] {
    const files = fs.readdirSync(this.folder, { recursive: true, encoding: 'utf8' });
    const found = files.flatMap(
      (file) => /@fmmap\/(native-[^/]+)\/fmmap\.node$/.exec(file)?.[1] ?? [],
    );
    return [...new Set(found)].map((name) => `@fmmap/${name}`);
  }
}

const NAMES: readonly ManagerName[] = ['npm', 'pnpm', 'yarn 1', 'yarn', 'bun'];

describe.each(NAMES)('%s', (name) => {
  test('installs the binary of this platform and no other, and the package works', {
    timeout: 3 * MINUTE,
  }, async () => {
    const project = new Project(known[name]);
    await project.install(...known[name].noScripts);
    // Yarn 1 knows no C libraries: the other package of this system and processor is there, too, and is not used.
    const isNarrow = name !== 'yarn 1';
    expect(project.binaries().filter((found) => isNarrow || found === OWN?.package)).toEqual([
      OWN?.package,
    ]);
    expect(await project.said('require.cjs')).toBe('works');
    expect(await project.said('import.mjs')).toBe('works');
  });

  test('is named in the error when the binary is missing, with a command that helps', {
    timeout: 3 * MINUTE,
  }, async () => {
    const project = new Project(known[name]);
    // Yarn has no such option: as if node_modules came from another system.
    const settings = join(project.folder, '.yarnrc.yml');
    const before = name === 'yarn' ? fs.readFileSync(settings, 'utf8') : '';
    if (name === 'yarn')
      project.write(
        '.yarnrc.yml',
        `${before}\nsupportedArchitectures: { os: [win32], cpu: [ia32] }\n`,
      );
    const said = await project.install(...known[name].omit);
    expect(said).not.toMatch(/build script|blocked|gyp/i); // nothing is to be run
    const error = await project.said('require.cjs').then(String, String);
    expect(error).toContain(`@fmmap/native cannot load its binding on ${OWN?.name}`);
    expect(error).toMatch(/src\/build\/Release\/fmmap\.node: nothing has been compiled here$/m);
    expect(error).toMatch(new RegExp(`^  ${OWN?.package}: `, 'm'));

    const [, command = ''] = /run `(.*?)`/.exec(error) ?? [];
    const [program = '', ...args] = command.split(' ');
    expect(program).toBe(name.split(' ')[0]);
    if (name === 'yarn') project.write('.yarnrc.yml', before);
    await project.run([...known[name].command, ...args]);
    expect(await project.said('require.cjs')).toBe('works');
  });
});

test('the binding is compiled from source by the command in the error', {
  timeout: 10 * MINUTE,
}, async () => {
  const project = new Project(known.npm);
  await project.install(...known.npm.omit);
  const error = await project.said('require.cjs').then(String, String);
  const [, script = ''] = /`node (\S+build\.js)` compiles it/.exec(error) ?? [];
  // With this machine's compiler, and what its npm knows of the headers of Node.
  await project.run([process.execPath, script], process.env);
  expect(await project.said('require.cjs')).toBe('works');
  const left = fs.readdirSync(join(project.folder, 'node_modules/@fmmap/native/src/build'), {
    recursive: true,
  });
  expect(left.sort()).toEqual(['Release', 'Release/fmmap.node']);
});
