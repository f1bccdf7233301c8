import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Where to find the types of Node, for a project without them. */
const NODE_TYPES = dirname(
  dirname(createRequire(import.meta.url).resolve('@types/node/package.json')),
);

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  strict: true,
  types: ['node'],
  typeRoots: [NODE_TYPES],
};

/** The errors of the compiler for files of a project, which it also compiles to JavaScript next to them. */
export function compile(project: string, files: readonly string[]): string[] {
  const paths = files.map((file) => join(project, file));
  const program = ts.createProgram(paths, OPTIONS);
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ messageText, file }) =>
    [file?.fileName, ts.flattenDiagnosticMessageText(messageText, '\n')].join(': '),
  );
}

/** The values that modules export according to their types, as seen by a file of a project. */
export function typedNames(
  project: string,
  file: string,
  modules: readonly string[],
): Map<string, string[]> {
  const path = join(project, file);
  const text = modules.map((name) => `import {} from '${name}';\n`).join('');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  const format = file.endsWith('.cts') ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, options, ...rest) =>
    name === path
      ? ts.createSourceFile(name, text, { languageVersion: 9, impliedNodeFormat: format })
      : getSourceFile(name, options, ...rest);
  const program = ts.createProgram([path], OPTIONS, host);
  const checker = program.getTypeChecker();
  const isValue = (symbol: ts.Symbol): boolean => {
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
    return (target.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(symbol, checker);
  };
  const found = new Map<string, string[]>();
  for (const statement of program.getSourceFile(path)?.statements ?? []) {
    if (!ts.isImportDeclaration(statement)) continue;
    const { moduleSpecifier } = statement;
    const module = checker.getSymbolAtLocation(moduleSpecifier);
    if (!module) throw new Error(`no types of ${moduleSpecifier.getText()} for ${file}`);
    const values = checker.getExportsOfModule(module).filter(isValue);
    const names = values.map(({ name }) => name).filter((name) => name !== 'export=');
    found.set((moduleSpecifier as ts.StringLiteral).text, names.sort());
  }
  return found;
}

/** Whether it is exported as a type anywhere along its way. */
function isTypeOnly(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  for (let at: ts.Symbol | undefined = symbol; at; at = next(at, checker)) {
    if (at.declarations?.some((each) => ts.isTypeOnlyImportOrExportDeclaration(each))) return true;
  }
  return false;
}

const next = (symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol | undefined =>
  (symbol.flags & ts.SymbolFlags.Alias) === 0
    ? undefined
    : checker.getImmediateAliasedSymbol(symbol);
