// Proves that src/platform is the whole contract with the system: links the addon with stub/ instead of posix/, reports
// what the stub lacks or has unused, and runs the result. `node scripts/check-stub.mjs`, after a build.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('../native', import.meta.url)));
const require = createRequire(join(process.cwd(), 'index.js'));
const folder = fs.mkdtempSync(join(tmpdir(), 'fmmap-stub-'));

const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' });
const within = (path, extension) =>
  fs.readdirSync(path).flatMap((name) => (name.endsWith(extension) ? join(path, name) : []));

try {
  const header = join(process.execPath, '../../include/node/node_api.h');
  const headers = fs.existsSync(header) ? join(header, '..') : '/usr/include/node';
  const flags = ['-std=c++17', '-fPIC', '-Wall', '-Wextra', '-Werror', '-Isrc', `-I${headers}`];
  const stub = within('src/platform/stub', '.cc').map((source) => {
    const object = join(folder, `${basename(source)}.o`);
    run('g++', ...flags, '-c', source, '-o', object);
    return object;
  });
  // Listed by source: objects of deleted sources may still exist.
  const shared = ['src/binding', 'src/mapping']
    .flatMap((name) => within(name, '.cc'))
    .map((source) =>
      join('src/build/Release/obj.target/fmmap', source.replace(/^src\/(.*)cc$/, '$1o')),
    );

  const addon = join(folder, 'fmmap.node');
  run('g++', '-shared', '-o', addon, ...shared, ...stub);
  const missing = symbols('-u', [addon]);
  const wanted = symbols('-u', shared);
  const unused = [...symbols('-U', stub)].filter((name) => !wanted.has(name));
  for (const name of missing) throw new Error(`the stub lacks ${name}`);
  for (const name of unused) throw new Error(`no shared code calls ${name}`);

  // The first error that a new port would see.
  const binding = require(addon);
  Object.assign(binding, { createError: (_kind, ...rest) => ({ found: rest.slice(0, 2) }) });
  const found = [];
  try {
    binding.open('a file', 0, 0, 0, 0, 0, -1, 0, 0, -1, -1);
  } catch (error) {
    found.push(...error.found);
  }
  if (found.join() !== 'open,38') throw new Error(`open() of the stub ended with ${found}`);
  console.log(`the contract has ${symbols('-U', stub).size} functions, and the stub all of them`);
} finally {
  fs.rmSync(folder, { recursive: true });
}

/** The functions of the contract that object files lack (`-u`) or define (`-U`). */
function symbols(kind, files) {
  const lines = run('nm', '-C', kind, ...files).split('\n');
  const names = lines.map((line) => /^\S* *[UT] (fmmap::platform::.*)$/.exec(line)?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}
