// Builds the addon for Windows with mingw: `node scripts/windows/build.mjs`.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../cache.mjs';
import { headers } from './home.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const native = join(root, 'native');
const objects = join(native, 'src/build/windows');
/** Addons that only tests use, and the sources of the platform that each contains. */
const TEST_ADDONS = {
  'packages/core/test/helpers/counts-windows': [],
  'packages/core/test/helpers/failing-windows': [],
  'native/test/entries': ['directory', 'file', 'paths'],
};
/** As in binding.gyp. */
const DEFINES = [
  'NAPI_VERSION=8',
  'NODE_ADDON_API_DISABLE_DEPRECATED',
  'NAPI_DISABLE_CPP_EXCEPTIONS',
  'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  '_WIN32_WINNT=0x0A00',
  'NTDDI_VERSION=0x0A000006',
  'NOMINMAX',
  'WIN32_LEAN_AND_MEAN',
  'PSAPI_VERSION=2',
];
const compiler = 'x86_64-w64-mingw32-g++-posix';

/** Builds what has changed. @returns The addon, and those that tests use with their places in the workspace. */
export async function build() {
  const { include, folder } = await headers();
  fs.mkdirSync(objects, { recursive: true });
  const addonApi = dirname(createRequire(join(native, 'index.js')).resolve('node-addon-api'));
  const flags = [
    ...[
      '-std=c++17',
      '-O2',
      '-Wall',
      '-Wextra',
      '-Wpedantic', // MSVC has no extensions of GNU's
      '-Werror',
      '-Wno-unused-parameter',
      '-Wno-cast-function-type',
    ],
    ...DEFINES.map((name) => `-D${name}`),
    ...['-isystem', addonApi, '-isystem', include, `-I${join(native, 'src')}`],
  ];
  const sources = [
    ...['binding', 'mapping', 'platform/win32'].flatMap((name) =>
      within(join(native, 'src', name), /\.cc$/),
    ),
    fileURLToPath(new URL('delay-load.cc', import.meta.url)),
  ];
  const changed = newest([...within(join(native, 'src'), /\.h$/), fileURLToPath(import.meta.url)]);
  const made = sources.map((source) => [
    source,
    join(objects, `${basename(dirname(source))}-${basename(source)}.o`),
  ]);
  const due = made.filter(
    ([source, object]) =>
      !fs.existsSync(object) || newest([object]) < Math.max(changed, newest([source])),
  );
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let next = due.pop(); next; next = due.pop())
        await compile([...flags, '-c', next[0], '-o', next[1]]);
    }),
  );
  const addon = join(objects, 'fmmap.node');
  // -s: without symbols. Nothing of the compiler's own libraries is needed where it runs.
  const link = (inputs, output) => {
    const libraries = [`-L${folder}`, '-lnode', '-ldelayimp', '-lpsapi'];
    run(compiler, '-shared', '-static', '-s', ...inputs, ...libraries, '-o', output);
  };
  link(
    made.map(([, object]) => object),
    addon,
  );
  const objectOf = (name) => join(objects, `win32-${name}.cc.o`);
  for (const [name, parts] of Object.entries(TEST_ADDONS)) {
    const path = join(objects, `${basename(name)}.node`);
    const inputs = [join(root, `${name}.cc`), ...parts.map(objectOf), made.at(-1)[1]];
    if (!fs.existsSync(path) || newest([path]) < newest(inputs)) link([...flags, ...inputs], path);
  }
  const places = Object.keys(TEST_ADDONS).map((name) => `${name}.node`);
  return {
    addon,
    testAddons: places.map((place) => ({ path: join(objects, basename(place)), place })),
  };
}

function within(folder, pattern) {
  return fs
    .readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const newest = (files) => Math.max(...files.map((file) => fs.statSync(file).mtimeMs));

function compile(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`compiling ${args.at(-3)} failed`)),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await build()).addon);
