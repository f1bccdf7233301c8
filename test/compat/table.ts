import * as fs from 'node:fs';
import { groups } from './groups.js';
import { MAJORS } from './nodes.js';
import type { Outcome } from './row.js';

const CELLS: Record<Outcome | 'absent', string> = {
  kept: 'right, zero-copy',
  copied: 'right, copied',
  used: 'right',
  absent: '–',
};

/** How the table shows an outcome, and whether it is as intended. */
export function cellOf(outcome: string): { text: string; good: boolean } {
  const text = CELLS[outcome as Outcome];
  if (text) return { text, good: true };
  const [line = ''] = outcome.split('\n');
  return { text: line.replaceAll('|', '\\|'), good: false };
}

/** The cells below a Node, by the name of the row. */
export type Column = ReadonlyMap<string, string>;

/** Parses a column of a document. */
export function columnOf(document: string, major: number): Column {
  const lines = [...document.matchAll(/^\| (.*) \|$/gm)].map(([, cells = '']) =>
    cells.split(' | '),
  );
  const index = lines[0]?.indexOf(`Node ${major}`) ?? -1;
  return new Map(lines.map((cells) => [cells[0] ?? '', cells[index] ?? '']));
}

/** Formats the document from its columns. */
export function render(columns: ReadonlyMap<number, Column>): string {
  const sections = groups.map(({ title, packages, rows }) => {
    const head = ['a view in', ...MAJORS.map((major) => `Node ${major}`), 'remark'];
    const table = [
      head,
      head.map(() => '---'),
      ...rows.map(({ name, remark = '' }) => [
        name,
        ...MAJORS.map((major) => columns.get(major)?.get(name) ?? ''),
        remark,
      ]),
    ];
    return [
      `## ${title}`,
      ...(packages.length > 0 ? [`Of npm: ${packages.map(versionOf).join(', ')}.`] : []),
      table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
    ].join('\n\n');
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

function versionOf(name: string): string {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(fs.readFileSync(manifest, 'utf8')).version}`;
}

const INTRODUCTION = `<!-- Written by \`npm run compat\`, from what happened. -->
# What takes a view

A view of a mapped file (\`file.asBuffer()\`, \`file.bytes(offset, length)\`) is an ordinary \`Buffer\` over an ordinary
\`ArrayBuffer\` of exactly its own bytes. A test does what each row says with a view of a real file, and compares the bytes
that arrive; CI runs it on every version of Node in the table.

* **right**: the API has seen the bytes of the view, and has not changed the file, unless writing is its purpose.
* **zero-copy**: what it returns, keeps or sends is the memory of the file. It shows later changes of the file, and zeroes
  after \`close()\`.
* **copied**: what it returns, keeps or sends is a copy, which does not show later changes of the file.
* If neither is stated, nothing remains from which to tell: the bytes were hashed, compressed or passed to the kernel.
* **–**: this version of Node has no such API.`;
