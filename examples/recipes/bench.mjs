// What each recipe gives in comparison with the same code over `readFile`: `npm run bench` writes the table of
// docs/recipes.md. Both take turns; the files are in the page cache. `node bench.mjs ROUNDS [NAME]` only prints. Needs Linux,
// and Node 22 for better-sqlite3.
import * as fs from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { race } from '../../benchmarks/lib/race.mjs';
import { digits, median, ratio } from '../../benchmarks/lib/stats.mjs';
import { cases } from './bench/cases.mjs';

const PAGE = new URL('../../docs/recipes.md', import.meta.url);

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

/** Memory of the process that is neither in a file nor shared, in bytes, once what is garbage has been given back. */
async function ownMemory() {
  for (let n = 0; n < 3; ++n) {
    gc();
    await setTimeout(5); // other threads free it
  }
  const [, kilobytes] = /^RssAnon:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'latin1'));
  return Number(kilobytes) * 1024;
}

/** Opens, reads the first value, and closes; time ends with the value, memory is measured while everything is open. */
function contender(open) {
  return async () => {
    const before = await ownMemory();
    const started = performance.now();
    const { value, held, close } = await open();
    const milliseconds = performance.now() - started;
    const memory = Math.max((await ownMemory()) - before, 0) / 2 ** 20;
    await close?.(held);
    return { value: milliseconds, check: String(value), more: { memory } };
  };
}

async function measure({ name, size, fmmap, readFile }, rounds) {
  const contenders = { fmmap: contender(fmmap), readFile: contender(readFile) };
  const { rows } = await race({ name, unit: 'ms', reference: 'readFile', rounds, contenders });
  for (const { failure } of Object.values(rows))
    if (failure) throw new Error(`${name}: ${failure}`);
  const memory = ({ more }) => `${digits(median(more.memory))} MiB`;
  const [own, other] = [rows.fmmap, rows.readFile];
  const cells = [
    name,
    `${digits(size / 2 ** 20)} MiB`,
    `${digits(median(own.values))} ms`,
    `${digits(median(other.values))} ms`,
    `${digits(ratio(other.values, own.values))}x`,
    memory(own),
    memory(other),
  ];
  return `| ${cells.join(' | ')} |`;
}

const load = loadavg()[0];
const [rounds, only] = process.argv.slice(2);
const directory = fs.mkdtempSync(join(tmpdir(), 'fmmap-recipes-'));
const lines = [
  '| recipe | file | first value | with `readFile` | ratio | own memory | with `readFile` |',
  '|---|---|---|---|---|---|---|',
];
try {
  for (const make of cases) {
    if (only && !make.name.includes(only)) continue;
    const path = join(directory, 'file');
    const one = await make(path);
    const { size } = fs.statSync(path);
    lines.push(await measure({ size, ...one }, Number(rounds ?? 9)));
    one.end?.();
    console.log(lines.at(-1));
    for (const name of fs.readdirSync(directory)) fs.rmSync(join(directory, name));
  }
} finally {
  fs.rmSync(directory, { recursive: true });
}

if (rounds === undefined) {
  const machine = `${cpus().length} cores (load average ${digits(load)} at the start), Node ${process.versions.node}`;
  const how = `Medians of 9 rounds on ${machine}; the files are in the page cache.`;
  const table = `<!-- figures -->\n${lines.join('\n')}\n\n${how}\n<!-- /figures -->`;
  const page = fs.readFileSync(PAGE, 'utf8');
  fs.writeFileSync(
    PAGE,
    page.replace(/<!-- figures -->.*<!-- \/figures -->/s, () => table),
  );
}
