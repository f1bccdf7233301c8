import { mkdirSync, writeFileSync } from 'node:fs';

import { chart } from './chart.mjs';
import { isPeer } from './goals.mjs';
import { median } from './stats.mjs';

/** The tables that are shown: the part, the start of their name, and the contenders to leave out. */
const CHARTS = [
  {
    file: 'random-reads',
    part: 'reads',
    table: '1 GiB, UInt32LE',
    title: 'Read four bytes at a random offset of 1 GiB',
    isLog: true,
    without: ['bare DataView, fmmap’s memory', 'fmmap, Buffer', 'fmmap without the check'],
  },
  {
    file: 'open',
    part: 'opens-heap',
    table: '1 GiB',
    title: 'Open, read one byte, close: 1 GiB, beside 400 MB of live heap',
    isLog: true,
  },
  {
    file: 'sum',
    part: 'sum',
    table: '',
    title: 'Add up the 32-bit words of 1 GiB',
    without: ['fmmap, loop over a Uint32Array', 'heap, loop over a Uint32Array', 'Bun.mmap, loop'],
  },
  {
    file: 'lines',
    part: 'lines',
    table: '',
    title: 'Index the lines of a text, durably',
    without: ['fmmap, node', 'fmmap, worker', 'fmmap, stream'],
  },
];

/** Green for fmmap, blue for the physical limit, grey for the others. */
const kindOf = (name) => (/^fmmap\b/.test(name) ? 'fmmap' : /^C\b/.test(name) ? 'limit' : 'peer');

/** Of packages that do the same in the same way, the chart only shows the fastest. */
function pickRows(rows, without) {
  const shown = Object.entries(rows)
    .filter(([name, { failure }]) => !failure && !without.includes(name))
    .map(([name, { values }]) => ({
      name,
      kind: kindOf(name),
      value: median(values),
      least: Math.min(...values),
      most: Math.max(...values),
    }))
    .sort((a, b) => a.value - b.value);
  const best = shown.find(({ name }) => isPeer(name));
  return shown
    .filter((row) => row === best || !isPeer(row.name))
    .map((row) => (row === best ? { ...row, name: `best peer: ${row.name}` } : row));
}

/** Draws the measurements into charts/. */
export function writeCharts(results) {
  const folder = new URL('../charts/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const { file, part, table, title, isLog = false, without = [] } of CHARTS) {
    const tables = results.find((result) => result.part === part)?.tables;
    const found = tables?.find(({ name }) => name.startsWith(table));
    if (!found) continue;
    const about = `Median, with the spread${isLog ? '; logarithmic' : ''}. Less is better.`;
    const rows = pickRows(found.rows, without);
    const svg = chart({ title, about, unit: found.unit, rows, isLog });
    writeFileSync(new URL(`${file}.svg`, folder), svg);
  }
}
