import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Project, type SourceFile } from 'ts-morph';
import { type Files, format } from './print.js';

/** Does one thing to a file; says to how many places. */
export type Pass = (file: SourceFile) => number;

/** How a folder of the template becomes a folder of a flavour. */
export interface Expansion {
  /** The folder in the template, from the root of the repository. */
  readonly source: string;
  /** What is done to each file, by name, in this order. */
  readonly passes: Readonly<Record<string, Pass>>;
  /** What files may import, besides packages and each other; all of a folder, if it ends with `/`. */
  readonly imports: readonly string[];
}

/** The TypeScript files of `folder`, by name. */
export function readFiles(folder: string): Files {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const sources = names.filter((name) => name.endsWith('.ts')).sort();
  return new Map(sources.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Does every pass to every file. Each of them must find something to do in one file at least. */
export function expand(template: Files, { source, passes, imports }: Expansion): Files {
  if (template.size === 0) throw new Error(`There is no template in ${source}.`);
  const project = new Project({ useInMemoryFileSystem: true });
  const files = [...template].map(([name, text]) =>
    project.createSourceFile(`/${source}/${name}`, text),
  );
  const neighbours = [...template.keys()].map((name) => `./${moduleName(name)}`);
  for (const file of files) refuseUnknownImports(file, [...imports, ...neighbours]);

  for (const [name, pass] of Object.entries(passes)) {
    const changes = files.reduce((sum, file) => sum + pass(file), 0);
    if (changes === 0) throw new Error(`${name} finds nothing to change in ${source}.`);
  }
  return new Map(
    files.map((file) => [file.getBaseName(), format(file.getBaseName(), file.getFullText())]),
  );
}

/** An import that no pass knows would be copied as it is, and lead elsewhere from there. */
function refuseUnknownImports(file: SourceFile, known: readonly string[]): void {
  const isKnown = (specifier: string) =>
    known.some((each) => (each.endsWith('/') ? specifier.startsWith(each) : specifier === each));
  for (const literal of file.getImportStringLiterals()) {
    const specifier = literal.getLiteralValue();
    const isPackage = !specifier.startsWith('.') && !specifier.startsWith('/');
    if (isPackage || isKnown(specifier)) continue;
    throw new Error(
      `${place(file)}:${literal.getStartLineNumber()} imports '${specifier}', ` +
        `but besides packages there is only: ${known.join(', ')}.`,
    );
  }
}

/** Where a file of the template is, from the root of the repository. */
export const place = (file: SourceFile): string => file.getFilePath().slice(1);

/** `a.js` for `a.ts`, as an import has it. */
export const moduleName = (name: string): string => `${basename(name, '.ts')}.js`;
