import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundlers, FORMATS, type Format } from './helpers/bundlers.js';
import { installed, must, published } from './helpers/packed.js';
import { program, SAID, untyped } from './helpers/usage.js';

// Programs that are bundled, with the packages in the bundle and the binding beside it: what a serverless function needs.

const MINUTE = 60_000;
const NATIVE = '@fmmap/native';

/** Programs by name, each with what it prints. */
const PROGRAMS: Readonly<Record<string, readonly [code: string, said: string]>> = {
  core: [program('core'), SAID.core],
  internal: [program('core', '@fmmap/core/internal'), SAID.core],
  node: [program('node'), SAID.node],
  stream: [program('stream'), SAID.stream],
};

/** All packages, and a project with nothing but the binding. */
let project: string;
let beside: string;

beforeAll(() => {
  project = installed([...published.keys()], true);
  beside = installed(['native'], true);
}, 5 * MINUTE);

afterAll(() => {
  for (const folder of [project, beside]) fs.rmSync(folder, { recursive: true, force: true });
});

/** Bundles programs of the project, into a new folder of a project in which only the external packages are installed. */
async function bundle(
  bundler: string,
  format: Format,
  programs: Readonly<Record<string, string>>,
  { external = [NATIVE], to = beside } = {},
): Promise<string> {
  const outdir = fs.mkdtempSync(join(to, `${bundler}-${format}-`));
  const input = Object.fromEntries(
    Object.entries(programs).map(([name, code]) => {
      const path = join(project, `${name}-${outdir.slice(-6)}.mjs`);
      fs.writeFileSync(path, untyped(code));
      return [name, path];
    }),
  );
  await bundlers[bundler]?.({ input, format, external, outdir });
  return outdir;
}

/** Runs a bundle as on another machine: without the project that it was made from. */
function runElsewhere(outdir: string, name: string, format: Format): string {
  fs.renameSync(project, `${project}-gone`);
  try {
    return run(outdir, name, format);
  } finally {
    fs.renameSync(`${project}-gone`, project);
  }
}

const run = (outdir: string, name: string, format: Format): string =>
  must(outdir, process.execPath, name + (format === 'esm' ? '.mjs' : '.cjs')).trim();

describe.each(Object.keys(bundlers))('%s', (bundler) => {
  describe.each(FORMATS)('%s', (format) => {
    test('takes every entry, and the bundle needs only the binding', {
      timeout: MINUTE,
    }, async () => {
      const codes = Object.entries(PROGRAMS).map(([name, [code]]) => [name, code]);
      const outdir = await bundle(bundler, format, Object.fromEntries(codes));
      for (const [name, [, said]] of Object.entries(PROGRAMS)) {
        expect([name, runElsewhere(outdir, name, format)]).toEqual([name, said]);
      }
    });

    test('leaves out @fmmap/worker, which has files for its threads', {
      timeout: MINUTE,
    }, async () => {
      const external = [NATIVE, '@fmmap/worker'];
      const programs = { worker: program('worker') };
      const outdir = await bundle(bundler, format, programs, { external, to: project });
      expect(run(outdir, 'worker', format)).toBe(SAID.worker);
    });

    test('may not put @fmmap/worker into a bundle, and the error says so', {
      timeout: MINUTE,
    }, async () => {
      const code = `
        import { AsyncMmapFile, MmapError } from '@fmmap/worker';
        AsyncMmapFile.open(process.execPath).catch((error) => {
          console.log(error instanceof MmapError, error.code, error.message);
        });`;
      const outdir = await bundle(bundler, format, { inside: code });
      expect(runElsewhere(outdir, 'inside', format)).toMatch(
        /^true ERR_MMAP_POOL_THREAD .*part of a bundle.*; declare it as external/,
      );
    });

    if (bundler === 'rollup') return; // without a plugin, it does not bundle CommonJS
    test('has one copy of a package that is imported and required', {
      timeout: MINUTE,
    }, async () => {
      const code = `exports.MmapFile = require('@fmmap/core').MmapFile;`;
      fs.writeFileSync(join(project, 'required.cjs'), code);
      const outdir = await bundle(bundler, format, {
        twice: `
          import { MmapFile } from '@fmmap/core';
          import required from './required.cjs';
          console.log(required.MmapFile === MmapFile);`,
      });
      expect(run(outdir, 'twice', format)).toBe('true');
    });
  });
});
