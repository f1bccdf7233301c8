'use strict';

// Compiles the binding from source, for platforms that no package is for: `node node_modules/@fmmap/native/build.js`. It needs
// npm, Python 3 and a C++17 compiler. Only the binary is left behind.

const { spawnSync } = require('node:child_process');
const { cpSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const { devDependencies } = require('./package.json');

const ADDON = 'build/Release/fmmap.node';
const sources = join(__dirname, 'src');
const folder = mkdtempSync(join(tmpdir(), 'fmmap-build-'));

try {
  cpSync(sources, folder, {
    recursive: true,
    filter: (path) => path !== join(sources, 'build'),
  });
  const manifest = {
    private: true,
    scripts: { install: 'node-gyp rebuild --jobs=max' },
    dependencies: devDependencies,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  // npm tells node-gyp what it knows of Node's headers and of proxies.
  const { status, error } = spawnSync('npm', ['install', '--ignore-scripts=false'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32', // npm is a .cmd file there
  });
  if (status !== 0) {
    throw new Error(`npm could not compile the binding: ${error ?? 'see above'}`);
  }
  cpSync(join(folder, ADDON), join(sources, ADDON));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
