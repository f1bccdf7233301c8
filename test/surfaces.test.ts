import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

// The packages have one API: the same names, with the same arguments in the same order and the same defaults. All differences
// are in the table below, with the reason.

/** Members that only some of a class's four variants have: in which, and why. */
const ONLY: Readonly<Record<string, { readonly in: readonly string[]; readonly why: string }>> = {
  'File.[Symbol.dispose]': { in: ['core'], why: 'what has to wait is disposed of asynchronously' },
  'File.[Symbol.asyncDispose]': { in: ['node', 'worker', 'stream'], why: 'the same' },
  'Reader.[Symbol.iterator]': { in: ['core'], why: 'lines of a cold file have to wait' },
  'Reader.[Symbol.asyncIterator]': { in: ['node', 'worker', 'stream'], why: 'the same' },
  'File.run': { in: ['worker'], why: 'code in threads is what the package is for' },
  'File.runWith': { in: ['worker'], why: 'the same' },
  'File.map': { in: ['worker'], why: 'the same' },
  'File.readable': { in: ['stream'], why: 'streams are what the package is for' },
  'File.lines': { in: ['stream'], why: 'the same' },
  'File.writable': { in: ['stream'], why: 'the same' },
  'Reader.readable': { in: ['stream'], why: 'the same' },
  'Reader.lines': { in: ['stream'], why: 'the same' },
  'Writer.writable': { in: ['stream'], why: 'the same' },
};

/** Arguments whose properties each have their own default. */
const OBJECTS = new Set(['options?', 'limits?']);

/** Additional last arguments of async methods. */
const ASYNC_ONLY = new Set(['options?']);

const PACKAGES = ['core', 'node', 'worker', 'stream'] as const;
const CLASSES = ['MmapFile', 'MmapFileMut', 'MmapFileReader', 'MmapFileWriter'] as const;

const LIBRARIES = fileURLToPath(new URL('../packages/', import.meta.url));
const types = dirname(createRequire(import.meta.url).resolve('types-node-22/package.json'));
const roots = PACKAGES.map((name) => join(LIBRARIES, name, 'dist/index.d.cts'));
const program = ts.createProgram([join(types, 'index.d.ts'), ...roots], {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  types: [],
});
const checker = program.getTypeChecker();

/** The arguments of each member, with their defaults. */
type Members = ReadonlyMap<string, readonly string[]>;

function nameOf(symbol: ts.Symbol): string {
  return symbol.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]');
}

/** The default of an argument, according to its documentation. */
function defaultOf(signature: ts.Signature, argument: string): string {
  const tags = signature.getJsDocTags().filter(({ name }) => name === 'param');
  const texts = tags.map(({ text }) => ts.displayPartsToString(text));
  const own = texts.find((text) => text.split(/\s/)[0] === argument);
  return /Default: ([\s\S]*)\.\s*$/.exec(own ?? '')?.[1]?.trim() ?? '';
}

function callOf(symbol: ts.Symbol): readonly string[] {
  const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
  if (!declaration) return [];
  const [signature] = checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures();
  return (signature?.parameters ?? []).map((parameter) => {
    const of = parameter.valueDeclaration as ts.ParameterDeclaration;
    const isOptional = of.questionToken !== undefined || of.initializer !== undefined;
    const value = defaultOf(signature as ts.Signature, parameter.name);
    return `${parameter.name}${isOptional ? '?' : ''}${value ? ` = ${value}` : ''}`;
  });
}

function isPublic(symbol: ts.Symbol): boolean {
  const flags = ts.ModifierFlags.Protected | ts.ModifierFlags.Private;
  const [declaration] = symbol.declarations ?? [];
  if (!declaration || /^(_(?!_@)|#|prototype$)/.test(symbol.name)) return false;
  return (ts.getCombinedModifierFlags(declaration) & flags) === 0;
}

function membersOf(name: (typeof PACKAGES)[number], type: string): Members {
  const source = program.getSourceFile(join(LIBRARIES, name, 'dist/index.d.cts'));
  const module = source && checker.getSymbolAtLocation(source);
  const exported = module && checker.getExportsOfModule(module).find((each) => each.name === type);
  if (!exported) throw new Error(`${name} has no ${type}`);
  const symbol =
    (exported.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported;
  const statics = checker.getTypeOfSymbolAtLocation(symbol, source as ts.Node).getProperties();
  const own = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  const list = [
    ...own.map((each) => ({ key: nameOf(each), of: each })),
    ...statics.map((each) => ({ key: `static ${nameOf(each)}`, of: each })),
  ];
  return new Map(list.filter(({ of }) => isPublic(of)).map(({ key, of }) => [key, callOf(of)]));
}

const surfaces = new Map(
  PACKAGES.map((name) => [
    name,
    new Map(
      CLASSES.map((type) => [type, membersOf(name, name === 'core' ? type : `Async${type}`)]),
    ),
  ]),
);

/** `File` for both file classes. */
const shortOf = (type: string) =>
  type.replace(/^Mmap(File)(Reader|Writer)?.*/, (_, file, cursor) => cursor ?? file);

describe.each(CLASSES)('%s', (type) => {
  const of = (name: (typeof PACKAGES)[number]): Members =>
    surfaces.get(name)?.get(type) ?? new Map();

  test('has members in all packages', () => {
    expect(of('core').size).toBeGreaterThan(30);
  });

  test.each(PACKAGES)('has the same members in %s, except the listed ones', (name) => {
    const everywhere = new Set(PACKAGES.flatMap((each) => [...of(each).keys()]));
    const different = [...everywhere].filter((member) => {
      const known = ONLY[`${shortOf(type)}.${member}`];
      return of(name).has(member) !== (known ? known.in.includes(name) : true);
    });
    expect(different).toEqual([]);
  });

  test.each(PACKAGES.slice(1))('has the same arguments and defaults in %s', (name) => {
    const calls = [...of(name)].filter(([member]) => of('core').has(member));
    const mine = calls.map(([member, args]) => [
      member,
      args.filter((each) => !isExtra(each, member)),
    ]);
    expect(mine).toEqual(calls.map(([member]) => [member, of('core').get(member)]));
  });

  const isExtra = (argument: string, member: string) =>
    ASYNC_ONLY.has(argument) && !of('core').get(member)?.includes(argument);
});

test.each(PACKAGES)('every optional argument in %s documents its default', (name) => {
  const silent = [...(surfaces.get(name) ?? [])].flatMap(([type, members]) =>
    [...members].flatMap(([member, args]) =>
      args
        .filter(() => member !== '[Symbol.custom]') // of `util.inspect`, which always passes them
        .filter((argument) => argument.endsWith('?') && !OBJECTS.has(argument))
        .map((argument) => `${type}.${member}: ${argument}`),
    ),
  );
  expect(silent).toEqual([]);
});

test('every listed difference exists', () => {
  const listed = Object.keys(ONLY).filter((key) => {
    const [short, member = ''] = key.split(/\.(.*)/);
    return CLASSES.some(
      (type) =>
        shortOf(type) === short &&
        PACKAGES.some((name) => surfaces.get(name)?.get(type)?.has(member)),
    );
  });
  expect(listed).toEqual(Object.keys(ONLY));
});

test('functions and errors are the same in all packages', () => {
  const exportsOf = (name: (typeof PACKAGES)[number]) => {
    const source = program.getSourceFile(
      join(LIBRARIES, name, 'dist/index.d.cts'),
    ) as ts.SourceFile;
    const module = checker.getSymbolAtLocation(source) as ts.Symbol;
    return checker.getExportsOfModule(module).map((each) => each.name);
  };
  for (const name of PACKAGES.slice(1)) {
    expect(exportsOf(name)).toEqual(expect.arrayContaining(exportsOf('core')));
  }
});
