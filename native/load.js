'use strict';

// Finds and loads the binding: what was compiled here, or else what the package of this platform has.

const { closeSync, existsSync, openSync, readSync } = require('node:fs');
const { join, resolve } = require('node:path');

/** Where build.js puts it. */
const COMPILED = join(__dirname, 'src/build/Release/fmmap.node');

/** Which C library this process uses: the program that links it is named at the start of its file. */
function libc() {
  try {
    const start = Buffer.alloc(4096);
    const file = openSync(process.execPath);
    readSync(file, start);
    closeSync(file);
    return start.includes('/ld-musl-') ? 'musl' : 'gnu';
  } catch {
    return 'gnu';
  }
}

const system = `${process.platform}-${process.arch}`;
const platform = process.platform === 'linux' ? `${system}-${libc()}` : system;

/** Each name is written out, for tools that look for what a program requires. */
function loadPackage() {
  switch (platform) {
    case 'linux-x64-gnu':
      return require('@fmmap/native-linux-x64-gnu');
    case 'linux-arm64-gnu':
      return require('@fmmap/native-linux-arm64-gnu');
    case 'linux-arm-gnu':
      return require('@fmmap/native-linux-arm-gnu');
    case 'linux-s390x-gnu':
      return require('@fmmap/native-linux-s390x-gnu');
    case 'linux-ppc64-gnu':
      return require('@fmmap/native-linux-ppc64-gnu');
    case 'linux-riscv64-gnu':
      return require('@fmmap/native-linux-riscv64-gnu');
    case 'linux-x64-musl':
      return require('@fmmap/native-linux-x64-musl');
    case 'linux-arm64-musl':
      return require('@fmmap/native-linux-arm64-musl');
    case 'win32-x64':
      return require('@fmmap/native-win32-x64');
    case 'win32-arm64':
      return require('@fmmap/native-win32-arm64');
    case 'darwin-x64':
      return require('@fmmap/native-darwin-x64');
    case 'darwin-arm64':
      return require('@fmmap/native-darwin-arm64');
    default:
      throw new Error('no such package is published');
  }
}

function loadCompiled() {
  if (existsSync(COMPILED)) return require(COMPILED);
  throw new Error('nothing has been compiled here');
}

/** Where the binding may be: the first that loads is used. */
function places() {
  const { FMMAP_BINDING } = process.env;
  if (FMMAP_BINDING) return [[FMMAP_BINDING, () => require(resolve(FMMAP_BINDING))]];
  return [
    [COMPILED, loadCompiled],
    [`@fmmap/native-${platform}`, loadPackage],
  ];
}

function load() {
  const failures = [];
  for (const [place, from] of places()) {
    try {
      return from();
    } catch (error) {
      failures.push({ place, error });
    }
  }
  throw require('./failure.js')(platform, failures);
}

module.exports = load();
