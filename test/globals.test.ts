import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { filesBelow, freeNames } from './helpers/free-names.js';

// What is replaced after the library was loaded (by fake timers, jsdom, polyfills) must not affect it, so it keeps what
// it needs when it is loaded.

const PACKAGES = fileURLToPath(new URL('../packages', import.meta.url));
const names = fs.readdirSync(PACKAGES);

/** The names that a CommonJS module is given. */
const MODULE = new Set(['require', 'module', 'exports', '__dirname', '__filename']);

/** Parts of JavaScript itself, present in every realm. The build keeps them when a package is loaded. */
const INTRINSICS = new Set(
  (vm.runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]).filter(
    (name) => name !== 'eval' && name !== 'globalThis',
  ),
);

/** Node modules whose functions fake timers replace. */
const LATE = /import_node_(timers|perf_hooks|timers_promises)\d*\.|import_promises\d*\./;

const place = (path: string, { line, name }: { line: number; name: string }) =>
  `${path.slice(PACKAGES.length + 1)}:${line} ${name}`;

describe.each(names)('@fmmap/%s, as it is built,', (name) => {
  const built = filesBelow(join(PACKAGES, name, 'dist'), '.cjs');

  test.each(built.map((path) => [basename(path), path]))('%s reads no global later', (_, path) => {
    const found = freeNames(path).filter(({ name, isLate }) => isLate && !MODULE.has(name));
    expect(found.map((each) => place(path, each))).toEqual([]);
  });

  test('calls no timer through a module that others may change', () => {
    for (const path of built) {
      const lines = fs.readFileSync(path, 'utf8').split('\n');
      const late = lines.filter((line) => /^\s/.test(line) && LATE.test(line));
      expect(late).toEqual([]);
    }
  });
});

test.each([...names.map((name) => `${name}/src`), 'core/template'])(
  '%s uses nothing of Node that it does not import',
  (folder) => {
    const sources = filesBelow(join(PACKAGES, folder), '.ts').filter(
      (path) => !path.includes('/test/'),
    );
    const found = sources.flatMap((path) =>
      freeNames(path)
        .filter(({ name, isLate }) => !INTRINSICS.has(name) && (isLate || name !== 'globalThis'))
        .filter(({ name }) => !MODULE.has(name))
        .map((each) => place(path, each)),
    );
    expect(found).toEqual([]);
  },
);
