// `cli.js` runs all rows of docs/compatibility.md, and writes it. `cli.js check [own]` compares it with the outcomes, on all
// versions of Node or on the running one, and reports differences.
import * as fs from 'node:fs';
import { groups } from './groups.js';
import { MAJORS, nodeOf, OWN } from './nodes.js';
import { run } from './run.js';
import { cellOf, columnOf, render } from './table.js';

const [mode, own] = process.argv.slice(2);
const path = new URL('../../../docs/compatibility.md', import.meta.url);
const old = fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '';

const columns = new Map(MAJORS.map((major) => [major, columnOf(old, major)]));
const complaints: string[] = [];
for (const major of own ? [OWN] : MAJORS) {
  const cells = new Map<string, string>();
  for (const group of groups) {
    const outcomes = await run(nodeOf(major), group);
    for (const [index, outcome] of outcomes.entries()) {
      const { text, good } = cellOf(outcome);
      const name = group.rows[index]?.name ?? '';
      cells.set(name, text);
      if (!good) complaints.push(`Node ${major}: ${name}: ${outcome}`);
    }
  }
  columns.set(major, cells);
}

const found = render(columns);
if (mode === 'check') complaints.push(...differences(old, found));
else fs.writeFileSync(path, found);
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;

function differences(written: string, happened: string): string[] {
  const [before, after] = [written.split('\n'), happened.split('\n')];
  const lines = [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
  if (lines.length === 0 && written !== happened) lines.push('the order of the lines');
  return lines.length > 0
    ? ['docs/compatibility.md is not what happens (`npm run compat` writes it):', ...lines]
    : [];
}
