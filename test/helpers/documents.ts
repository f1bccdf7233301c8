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

/** The `ts` blocks of a document. */
export function blocksOf(path: string): Block[] {
  const text = fs.readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }));
}

/** What a block claims to print: the comments after its calls of `console.log`. */
export function promised({ code }: Block): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].flatMap(([, text = '']) =>
    text.split(', '),
  );
}

/** Type-checks the blocks and compiles them to programs, in a folder where our packages are installed. */
export function compile(blocks: readonly Block[], directory: string): string[] {
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
  const names = blocks.map(({ line }) => `line-${line}`);
  fs.writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: options,
      files: names.map((name) => `${name}.ts`),
    }),
  );
  for (const [index, { code }] of blocks.entries()) {
    fs.writeFileSync(join(directory, `${names[index]}.ts`), code);
  }
  const { status, stdout } = spawnSync(process.execPath, [TSC, '-p', directory], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
  return names.map((name) => join(directory, `${name}.js`));
}

/** Whether the target of a link in a document exists. */
export function brokenLinks(path: string): string[] {
  const text = fs.readFileSync(join(ROOT, path), 'utf8').replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !target.includes(':'))
    .filter((target) => !fs.existsSync(join(ROOT, path, '..', target)));
}
