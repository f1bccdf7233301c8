// `fmmap residency`: draws which parts of a file are in memory.
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { type MmapFile, pageSize } from '@fmmap/core';
import { type Range, type RangeOptions, rangeOf, withFile } from '../files.js';
import { formatCount, formatNumber, formatSize, percentOf, printable } from '../format.js';
import { print } from '../output.js';
import { forEach, Refusal, textOf } from '../problems.js';
import { measure, pagesOf, type Residency, residentRuns, whyUnknown } from '../residency.js';
import { fit, fitEnd, hasUnicode, paint, widthOf } from '../terminal.js';

export interface ResidencyOptions extends RangeOptions {
  readonly json?: true;
  /** Seconds between two looks, by default 1. */
  readonly watch?: number | true;
}

export async function residency(
  paths: readonly string[],
  options: ResidencyOptions,
): Promise<number> {
  const once = () => forEach(paths, (path) => printOne(path, options));
  if (options.watch === undefined) return once();
  const seconds = options.watch === true ? 1 : options.watch;
  const show = process.stdout.isTTY && !options.json ? redrawing(paths, options) : once;
  for (;;) {
    await show(); // until the program is interrupted
    await setTimeout(seconds * 1000);
  }
}

async function printOne(path: string, options: ResidencyOptions): Promise<number> {
  if (options.json) await look(path, options, printRuns);
  else await print(`${(await look(path, options, pictureOf)).join('\n')}\n`);
  return 0;
}

/** @throws Refusal if the system does not say what is in memory */
function look<T>(
  path: string,
  options: RangeOptions,
  use: (file: MmapFile, range: Range) => T | Promise<T>,
): Promise<T> {
  return withFile(path, (file) => {
    const why = whyUnknown(file);
    if (why !== undefined) throw new Refusal(`${path}: ${why}`);
    return use(file, rangeOf(file, options));
  });
}

/** One JSON object, written as it is found: a large file may have millions of runs. */
async function printRuns(file: MmapFile, range: Range): Promise<void> {
  const head = { path: file.path, size: file.length, ...range, pageSize, pages: pagesOf(range) };
  await print(`${JSON.stringify(head).slice(0, -1)},"resident":[`);
  let text = '';
  let residentPages = 0;
  let residentBytes = 0;
  for (const run of residentRuns(file, range)) {
    text += `${residentPages === 0 ? '' : ','}${JSON.stringify(run)}`;
    residentPages += pagesOf(run);
    residentBytes += run.length;
    if (text.length < 2 ** 16) continue;
    await print(text);
    text = '';
  }
  await print(`${text}],${JSON.stringify({ residentPages, residentBytes }).slice(1)}\n`);
}

/** A bar, and what it amounts to. */
function pictureOf(file: MmapFile, range: Range): string[] {
  const width = widthOf(process.stdout);
  const cells = new Float64Array(Math.max(10, width - 11)); // resident bytes in each
  const size = range.length / cells.length;
  const found = measure(file, range, (run) =>
    fill(cells, size, run.offset - range.offset, run.length),
  );
  const bar = Array.from(cells, (bytes) => characterOf(bytes / size)).join('');
  const percent = `${percentOf(found.residentBytes, found.bytes)} %`;
  return [
    paint('bold', fit(printable(file.path), width)),
    `[${paint('green', bar)}] ${percent}`,
    fit(sentenceOf(found), width),
  ];
}

const sentenceOf = ({ pages, residentPages, bytes, residentBytes }: Residency): string =>
  `${formatCount(residentPages)} of ${formatNumber(pages, 'page')}, ` +
  `${formatSize(residentBytes)} of ${formatSize(bytes)} in memory`;

/** Spreads a run over the cells that it touches. */
function fill(cells: Float64Array, size: number, start: number, length: number): void {
  const end = start + length;
  for (let cell = Math.floor(start / size); cell < cells.length && cell * size < end; ++cell) {
    const bytes = Math.min(end, (cell + 1) * size) - Math.max(start, cell * size);
    cells[cell] = (cells[cell] ?? 0) + bytes;
  }
}

/** From nothing to everything, which no other share of a cell looks like. */
const characterOf = (share: number): string => {
  const shades = hasUnicode() ? ' ░▒▓█' : ' ..oO';
  const isAll = share > 1 - 1e-9;
  return shades.charAt(isAll ? 4 : Math.min(Math.ceil(share * 3), 3));
};

/** Draws over what was drawn before. Nothing else of the terminal is changed, so nothing has to be put right. */
function redrawing(paths: readonly string[], options: RangeOptions): () => Promise<void> {
  let drawn = 0;
  return async () => {
    const pictures = paths.map((path) =>
      look(path, options, pictureOf).catch((error) => [
        fitEnd(printable(textOf(error) ?? String(error)), widthOf(process.stdout)),
      ]),
    );
    // What does not fit on the screen cannot be drawn over.
    const lines = (await Promise.all(pictures)).flat().slice(0, (process.stdout.rows || 24) - 1);
    const text = lines.map((line) => `${line}\x1b[K\n`).join('');
    await print(`${drawn > 0 ? `\x1b[${drawn}A\r` : ''}${text}\x1b[J`);
    drawn = lines.length;
  };
}
