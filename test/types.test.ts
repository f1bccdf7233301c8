import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

// What the types of the built packages allow and refuse, with the types of each supported version of Node.

const FOLDER = fileURLToPath(new URL('types/', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../packages/', import.meta.url));
const MINUTE = 60_000;

const FLAVOURS = ['core', 'node', 'worker', 'stream'];
const PROGRAMS = ['views.ts', 'ordinary.ts'];

/** A program for the sync classes, adapted to those of a flavour. */
function programFor(flavour: string, name: string): string {
  const text = fs.readFileSync(join(FOLDER, name), 'utf8');
  if (flavour === 'core') return text;
  return text.replace(/import \{(.*)\} from '@fmmap\/core'/, (_, names: string) => {
    const renamed = names.replace(/\bMmap\w+/g, (type) => `Async${type} as ${type}`);
    return `import {${renamed}} from '@fmmap/${flavour}'`;
  });
}

/** The errors of the compiler for programs, and for the declarations of our packages that they use. */
function mistakes(types: string, lib: readonly string[], programs: Map<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', ...lib],
    module: ts.ModuleKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => programs.has(path) || fileExists(path);
  host.readFile = (path) => programs.get(path) ?? readFile(path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = programs.get(path);
    return text === undefined
      ? getSourceFile(path, languageVersion, ...rest)
      : ts.createSourceFile(path, text, languageVersion);
  };
  const nodeTypes = dirname(createRequire(import.meta.url).resolve(`${types}/package.json`));
  const roots = [join(nodeTypes, 'index.d.ts'), ...programs.keys()];
  const program = ts.createProgram(roots, options, host);
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => programs.has(fileName) || fileName.startsWith(PACKAGES));
  expect(ours.length).toBeGreaterThan(programs.size);
  return [
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ].map(({ file, start, messageText }) => {
    const line = file && ts.getLineAndCharacterOfPosition(file, start ?? 0).line + 1;
    return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** All of them, at paths next to their originals, where packages are found. */
function programs(isWeb: boolean): Map<string, string> {
  const names = isWeb ? [...PROGRAMS, 'dom.ts'] : PROGRAMS;
  const found = new Map<string, string>();
  for (const flavour of FLAVOURS) {
    for (const name of names) {
      found.set(join(FOLDER, `${flavour}-${name}`), programFor(flavour, name));
    }
  }
  for (const name of ['worker.ts', 'stream.ts']) {
    found.set(join(FOLDER, name), fs.readFileSync(join(FOLDER, name), 'utf8'));
  }
  return found;
}

const versions = Object.keys(
  JSON.parse(fs.readFileSync(new URL('package.json', import.meta.url), 'utf8')).devDependencies,
).filter((name) => name.startsWith('types-node-'));

test("there are several versions of Node's types", () => {
  expect(versions).toEqual(['types-node-20', 'types-node-22', 'types-node-24']);
});

describe.each(versions)('with %s', (types) => {
  test('views have the documented types', { timeout: 2 * MINUTE }, () => {
    expect(mistakes(types, [], programs(false))).toEqual([]);
  });

  test('views have the documented types together with those of the web', {
    timeout: 2 * MINUTE,
  }, () => {
    const lib = ['lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'];
    expect(mistakes(types, lib, programs(true))).toEqual([]);
  });
});
