import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import ts from 'typescript';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as core from '../../src/index.js';
import { isWindows } from '../helpers/platform.js';
import { tempDir } from '../helpers/temp.js';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

interface Example {
  /** The file, and the line where the example starts. */
  readonly where: string;
  readonly code: string;
}

/** The fenced blocks of code in the documentation comments of a source. */
function examplesIn(file: string): Example[] {
  const text = fs.readFileSync(join(SOURCES, file), 'utf8');
  return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap((comment) =>
    [...comment[0].matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms)].map((block) => {
      const begin = text.slice(0, comment.index + block.index).split('\n').length;
      const lines = (block[1] ?? '').split('\n').map((line) => line.replace(/^ *\* ?/, ''));
      return { where: `${file.replaceAll('\\', '/')}:${begin + 1}`, code: lines.join('\n') };
    }),
  );
}

const examples = fs
  .readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .flatMap(examplesIn);

/** Without its types, and otherwise as it is: it is copied into programs for any Node, and the oldest has no `using`. */
function compile(code: string): string {
  // An example that stands alone imports what it uses; one that shows a single call does not.
  const given = new Set(
    [...code.matchAll(/import \{?([^}]*?)\}? from/g)].flatMap(
      (found) => found[1]?.match(/\w+/g) ?? [],
    ),
  );
  const names = Object.keys(core).filter((name) => !given.has(name));
  const prelude = `import { ${names.join(', ')} } from '@fmmap/core'; import * as fs from 'node:fs';`;
  const { outputText, diagnostics } = ts.transpileModule(`${prelude}${code}`, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.CommonJS },
  });
  expect(diagnostics).toEqual([]);
  return outputText;
}

/** Runs an example in a directory with what examples may expect there, and returns its output. */
function run(code: string): string[] {
  const directory = tempDir();
  fs.writeFileSync(join(directory, 'package.json'), '{ "name": "example" }\n');
  fs.writeFileSync(join(directory, 'data.tmp'), 'data');
  const before = process.cwd();
  process.chdir(directory);
  onTestFinished(() => process.chdir(before));
  const output: string[] = [];
  const log = (...values: unknown[]) => output.push(format(...values));
  const load = createRequire(import.meta.url);
  const require = (name: string) => (name === '@fmmap/core' ? core : load(name));
  new Function('require', 'exports', 'console', compile(code))(require, {}, { log });
  return output;
}

describe('the examples in the documentation of the API', () => {
  test('are found', () => {
    expect(examples.length).toBeGreaterThanOrEqual(8);
    const files = new Set(examples.map(({ where }) => where.replace(/:\d+$/, '')));
    for (const file of [
      'api/mmap-file.ts',
      'api/mmap-file-mut.ts',
      'memory/generated/numeric-reads.ts',
    ]) {
      expect(files).toContain(file);
    }
    const fences = fs
      .readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => fs.readFileSync(join(SOURCES, name), 'utf8').match(/\* ```ts$/gm) ?? []);
    expect(examples).toHaveLength(fences.length);
  });

  /** Examples that must run before the first file is mapped. */
  const isFirst = ({ code }: { code: string }) => code.includes('disableFaultGuard();');
  const inOrder = [...examples.filter(isFirst), ...examples.filter((each) => !isFirst(each))];

  // They cut or replace an open file, map into WebAssembly memory, or give advice of Linux.
  const isOfPosix = ({ code }: { code: string }) =>
    /truncateSync|WebAssembly\.Memory|replace: edited|isAdviceSupported/.test(code);
  const applicable = inOrder.filter((each) => !(isWindows && isOfPosix(each)));

  test.each(applicable.map(({ where, code }) => [where, code]))('%s runs', (_, code) => {
    expect(code).not.toBe('');
    const output = run(code);
    const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    if (promised.length > 0) expect(output).toEqual(promised);
  });
});
