import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

export interface Block {
  /** The number of its first line in the document. */
  readonly line: number;
  /** `cjs` blocks are run as they are. */
  readonly language: 'ts' | 'cjs';
  readonly code: string;
}

/** Markdown files of the repository that users read. */
export function documents(): string[] {
  const folders = fs
    .readdirSync(join(ROOT, 'packages'))
    .map((name) => `packages/${name}/README.md`);
  const docs = fs.readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`);
  return ['README.md', 'native/README.md', ...folders, ...docs].filter(
    (path) => path.endsWith('.md') && fs.existsSync(join(ROOT, path)),
  );
}

/** The `ts` and `cjs` blocks of a document, also those in lists, which are indented. */
export function blocksOf(path: string): Block[] {
  const text = fs.readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^( *)```(ts|cjs)\n(.*?)^\1```$/gms)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    language: match[2] as Block['language'],
    code: (match[3] ?? '').replaceAll(new RegExp(`^${match[1]}`, 'gm'), ''),
  }));
}

/** What a block claims to print: the comments after its calls of `console.log`. */
export function promised({ code }: Block): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].flatMap(([, text = '']) =>
    text.split(', '),
  );
}

/**
 * Type-checks the blocks and makes programs of them, in a folder where our packages are installed.
 * @param isCompiled - Otherwise the programs are the blocks as they are written.
 */
export function compile(
  blocks: readonly Block[],
  directory: string,
  isCompiled: boolean,
): string[] {
  fs.mkdirSync(join(directory, 'node_modules/@fmmap'), { recursive: true });
  for (const name of fs.readdirSync(join(ROOT, 'packages'))) {
    fs.symlinkSync(join(ROOT, 'packages', name), join(directory, 'node_modules/@fmmap', name));
  }
  fs.writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const options = {
    noEmit: false,
    allowImportingTsExtensions: false,
    noUnusedLocals: false,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const nameOf = ({ line }: Block) => `line-${line}`;
  const typed = blocks.filter(({ language }) => language === 'ts');
  fs.writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: options,
      files: typed.map((block) => `${nameOf(block)}.ts`),
    }),
  );
  for (const block of blocks) {
    const endings = block.language === 'cjs' ? ['cjs'] : ['ts', 'mjs'];
    for (const ending of endings) {
      fs.writeFileSync(join(directory, `${nameOf(block)}.${ending}`), block.code);
    }
  }
  const ending = ({ language }: Block) => (language === 'cjs' ? 'cjs' : isCompiled ? 'js' : 'mjs');
  const programs = blocks.map((block) => join(directory, `${nameOf(block)}.${ending(block)}`));
  if (typed.length === 0) return programs;
  const { status, stdout } = spawnSync(process.execPath, [TSC, '-p', directory], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
  return programs;
}

const { homepage } = JSON.parse(fs.readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** What links to files of the repository start with, where they must work outside of it. */
const ABSOLUTE = new RegExp(`^${homepage.replace('#readme', '')}/(blob|tree)/main/`);

/** The links of a text, without fragments. */
export const linksOf = (text: string): string[] =>
  [...text.replace(/^```.*?^```$/gms, '').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(
    ([, target = '']) => target,
  );

/** The links of a document to files of the repository that do not exist. */
export function brokenLinks(path: string): string[] {
  return linksOf(fs.readFileSync(join(ROOT, path), 'utf8')).filter((target) => {
    const inRepository = target.replace(ABSOLUTE, '');
    if (inRepository !== target) return !fs.existsSync(join(ROOT, inRepository));
    return !target.includes(':') && !fs.existsSync(join(ROOT, path, '..', target));
  });
}
