import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linksOf } from './helpers/documents.js';
import { entriesOf, installed, must, published } from './helpers/packed.js';
import { mistakesOf, RESOLUTIONS, type Resolution } from './helpers/resolutions.js';
import { compile, typedNames } from './helpers/typed-names.js';
import { type Name, program, SAID, untyped } from './helpers/usage.js';

// What a user gets: the packages as they would be published, installed into an empty project.

const MINUTE = 60_000;

/** The packages with modules for users; the binding is a package with a single value, and the command line has none. */
const ours = [...published].filter(
  ([folder, manifest]) => folder !== 'native' && entriesOf(manifest).length > 0,
);
const entries = ours.flatMap(([, manifest]) => entriesOf(manifest));

/** TypeScript files: ES modules and CommonJS. */
const KINDS = ['mts', 'cts'];

const FLAVOURS = Object.keys(SAID) as Name[];

const typedFiles = FLAVOURS.flatMap((name) => KINDS.map((kind) => `typed-${name}.${kind}`));

let project: string;
let types: Record<string, Map<string, string[]>>;
let mistakes: string[];

beforeAll(() => {
  project = installed([...published.keys()], true);
  types = Object.fromEntries(
    KINDS.map((kind) => [kind, typedNames(project, `names.${kind}`, entries)]),
  );
  for (const file of typedFiles) {
    const [, name] = /-(\w+)\./.exec(file) ?? [];
    fs.writeFileSync(join(project, file), program(name as Name));
  }
  mistakes = compile(project, typedFiles);
}, 5 * MINUTE);

afterAll(() => fs.rmSync(project, { recursive: true, force: true }));

/** Runs a module of the project, and returns its output. */
function runFile(name: string, code: string): string {
  fs.writeFileSync(join(project, name), code);
  return must(project, process.execPath, name).trim();
}

describe.each(entries)('%s', (entry) => {
  const required = (): string[] => {
    const code = `console.log(JSON.stringify(Object.keys(require('${entry}')).sort()))`;
    return JSON.parse(runFile('names.cjs', code));
  };

  test('has the same names with import and with require', () => {
    const code = `import * as all from '${entry}'; console.log(JSON.stringify(Object.keys(all).sort()))`;
    const names = required();
    expect(JSON.parse(runFile('names.mjs', code))).toEqual(names);
    expect(names.length).toBeGreaterThan(10);
    if (!entry.endsWith('/internal')) expect(names).toContain('MmapFaultError');
  });

  test.each(KINDS)('has those names in its types, in names.%s', (kind) => {
    expect(types[kind]?.get(entry)).toEqual(required());
  });

  test.each(['import', 'require'])('has each value once, with %s first', (first) => {
    const load = {
      import: `const imported = await import('${entry}');`,
      require: `const required = createRequire(import.meta.url)('${entry}');`,
    };
    const order = first === 'import' ? [load.import, load.require] : [load.require, load.import];
    const code = `
      import { createRequire } from 'node:module';
      ${order.join('\n')}
      console.log(Object.keys(imported).filter((name) => imported[name] !== required[name]).join());`;
    expect(runFile('once.mjs', code)).toBe('');
  });

  test('runs no code of CommonJS with import, except the binding', () => {
    const code = `
      import { createRequire } from 'node:module';
      const { cache } = createRequire(import.meta.url);
      await import('${entry}');
      // A module that only stands for an ES module was not found by anything, and has no paths to search.
      const loaded = Object.values(cache).filter(({ paths }) => paths?.length > 0);
      console.log(loaded.filter(({ id }) => /@fmmap.(?!native)/.test(id)).map(({ id }) => id).join());`;
    expect(runFile('esm.mjs', code)).toBe('');
  });
});

test('the command line is a program, and nothing that can be imported', () => {
  const command = join(project, 'node_modules/.bin/fmmap');
  const { version } = JSON.parse(
    fs.readFileSync(join(project, 'node_modules/@fmmap/cli/package.json'), 'utf8'),
  );
  expect(must(project, command, '--version').trim()).toBe(version);
  fs.writeFileSync(join(project, 'searched.txt'), 'a needle');
  expect(must(project, command, 'search', 'searched.txt', 'needle').trim()).toBe('2');
  expect(runFile('no.mjs', `import('@fmmap/cli').catch(({ code }) => console.log(code));`)).toBe(
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  );
});

test('the binding is the same value with import and with require', () => {
  const code = `
    import native from '@fmmap/native';
    import { createRequire } from 'node:module';
    console.log(createRequire(import.meta.url)('@fmmap/native') === native);`;
  // Only here does the project's own code import it.
  expect(runFile('native.mjs', code)).toBe('true');
});

/** Functions that wait for the disk: the asynchronous packages have their own, which return promises. */
const WAITING = ['syncDirectory', 'syncParentDirectory'];

test('what packages have in common is identical in all of them, except functions that wait', () => {
  const code = `
    const core = require('@fmmap/core');
    for (const name of ${JSON.stringify(ours.map(([, { name }]) => name))}) {
      const all = require(name);
      const promised = name === '@fmmap/core' ? [] : ${JSON.stringify(WAITING)};
      for (const key of Object.keys(core))
        if ((all[key] === core[key]) === promised.includes(key) || !all[key]) console.log(name, key);
      for (const key of promised) if (!(all[key]('.') instanceof Promise)) console.log(name, key, 'is no promise');
    }`;
  expect(runFile('common.cjs', code)).toBe('');
});

describe.each(FLAVOURS)('@fmmap/%s works in', (name) => {
  test('an ES module', () => {
    expect(runFile(`use-${name}.mjs`, untyped(program(name)))).toBe(SAID[name]);
  });

  test('a CommonJS module', () => {
    const code = program(name).replace(/import (.*) from (.*);/, 'const $1 = require($2);');
    expect(runFile(`use-${name}.cjs`, untyped(code))).toBe(SAID[name]);
  });

  test.each(KINDS)('TypeScript, as .%s', (kind) => {
    expect(mistakes).toEqual([]);
    const made = `typed-${name}.${kind.replace('ts', 'js')}`;
    expect(must(project, process.execPath, made).trim()).toBe(SAID[name]);
  });
});

/** Old versions, to which other types are given, in each way that they find them; and the one that we use. */
const RESOLVING = [
  ['typescript-5.0', 'nodenext'],
  ['typescript-5.0', 'node10'],
  ['typescript-5.6', 'bundler'],
  ['typescript-5.6', 'node10'],
  ...Object.keys(RESOLUTIONS).map((resolution) => ['typescript', resolution]),
] as [string, Resolution][];

test.each(RESOLVING)(
  '%s finds no mistake in the types of any package, with %s',
  { timeout: 2 * MINUTE },
  async (typescript, resolution) => {
    const files = FLAVOURS.map((name) => `resolved-${name}.ts`);
    for (const [index, file] of files.entries()) {
      fs.writeFileSync(join(project, file), program(FLAVOURS[index] as Name));
    }
    expect(await mistakesOf(typescript, resolution, project, files)).toBe('');
  },
);

const { homepage, repository } = JSON.parse(
  fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

/** The files that a package may have. */
const filesOf = (folder: string): RegExp =>
  folder === 'native'
    ? /^(package\.json|README\.md|LICENSE|\w+\.js|index\.d\.ts|src([\\/]\w+)*|src[\\/](binding\.gyp|.*\.(cc|h)))$/
    : /^(package\.json|README\.md|LICENSE-\w+|dist([\\/]ts5\.6)?|dist[\\/].*\.(js|cjs|d\.ts|d\.cts))$/;

describe.each([...published])('%s, as it is published,', (folder, { name }) => {
  const at = (...path: string[]) => join(project, 'node_modules', name, ...path);
  const manifest = () => JSON.parse(fs.readFileSync(at('package.json'), 'utf8'));

  test('says where it comes from and what it is about', () => {
    const { keywords, ...found } = manifest();
    expect(keywords).toContain('mmap');
    expect(found).toMatchObject({
      license: 'MIT OR Apache-2.0',
      repository: { ...repository, directory: folder },
      homepage: homepage.replace('#', `/tree/main/${folder}#`),
      bugs: homepage.replace('#readme', '/issues'),
    });
  });

  test('has the texts of its licences', () => {
    for (const licence of folder === 'native' ? ['LICENSE'] : ['LICENSE-MIT', 'LICENSE-APACHE']) {
      const original = fs.readFileSync(new URL(`../${licence}`, import.meta.url), 'utf8');
      expect(fs.readFileSync(at(licence), 'utf8')).toBe(original);
    }
  });

  test('has a README whose links work anywhere', () => {
    const links = linksOf(fs.readFileSync(at('README.md'), 'utf8'));
    expect(links.filter((link) => !link.startsWith('https://'))).toEqual([]);
  });

  test('has no files besides what is used, and refers to no sources', () => {
    const files = fs.readdirSync(at(), { recursive: true, encoding: 'utf8' });
    const own = files.filter((file) => !file.startsWith('node_modules'));
    const kept = filesOf(folder);
    expect(own.filter((file) => !kept.test(file)).map((file) => basename(file))).toEqual([]);
    for (const file of own.filter((each) => /\.c?js$/.test(each))) {
      expect(fs.readFileSync(at(file), 'utf8')).not.toContain('sourceMappingURL');
    }
  });
});
