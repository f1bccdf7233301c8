// `fmmap bench`: what a map is good for on this machine, compared with `fs`.
import { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type MmapFile, MmapFileMut } from '@fmmap/core';
import { checkFile, piecesOf, withFile } from '../files.js';
import { formatDuration, formatSize, printable } from '../format.js';
import { print, printJson } from '../output.js';
import { Refusal } from '../problems.js';
import { Progress } from '../progress.js';
import { withScratch } from '../scratch.js';
import { paint } from '../terminal.js';

/** At most so much of the file is used: more may not fit into memory. */
const MOST = 2 ** 28;
const CHUNK = 2 ** 20;
const PAGE = 4096;
/** Of the file that is written to. */
const WRITTEN = 2 ** 24;
const CONTESTS = 4;
const ROUNDS = 8;
/** Milliseconds that each contender works in a round. */
const TURN = 40;

interface Contest {
  readonly name: string;
  /** What one run of a contender does so many times. */
  readonly times: number;
  readonly fmmap: () => void;
  readonly fs: () => void;
}

/** Medians, in nanoseconds. */
interface Outcome {
  readonly name: string;
  readonly fmmap: number;
  readonly fs: number;
  /** How many times as fast as `fs` the map is. */
  readonly ratio: number;
}

export async function bench(path: string, { json }: { readonly json?: true }): Promise<number> {
  if (checkFile(path).size < 8) throw new Refusal(`${path}: needs at least 8 bytes`);
  const descriptor = fs.openSync(path, 'r');
  try {
    await withFile(path, async (file) => {
      const length = Math.min(file.length, MOST);
      for (const { offset, length: rest } of piecesOf({ offset: 0, length }, CHUNK)) {
        file.prefetch(offset, rest);
      }
      const outcomes = outcomesOf(path, (compare) => [
        ...[randomValues, randomPages, inOrder].map((contest) =>
          compare(contest(file, descriptor, length)),
        ),
        withScratch(path, WRITTEN, (own) => compareFlushes(own, compare)),
      ]);
      if (json) await printJson({ path, bytes: length, outcomes });
      else await print(tableOf(path, length, outcomes));
    });
  } finally {
    fs.closeSync(descriptor);
  }
  return 0;
}

type Compare = (contest: Contest) => Outcome;

/** Shows the progress of some contests. */
function outcomesOf(path: string, run: (compare: Compare) => Outcome[]): Outcome[] {
  const progress = new Progress(`bench ${printable(basename(path))}`, CONTESTS * ROUNDS, 'turns');
  let turns = 0;
  try {
    return run((contest) => compare(contest, () => progress.report(++turns)));
  } finally {
    progress.end();
  }
}

/** The contenders take turns, so that whatever else the machine does meets both. */
function compare({ name, times, ...contenders }: Contest, report: () => void): Outcome {
  const taken: { fmmap: number[]; fs: number[] } = { fmmap: [], fs: [] };
  for (let round = 1; round <= ROUNDS; ++round) {
    for (const who of ['fmmap', 'fs'] as const) {
      const took = durationOf(contenders[who]) / times;
      if (round > 1) taken[who].push(took); // the first is for the compiler
    }
    report();
  }
  const [own, other] = [medianOf(taken.fmmap), medianOf(taken.fs)];
  return { name, fmmap: own, fs: other, ratio: other / own };
}

/** Nanoseconds that a function takes, called for as long as its turn is. */
function durationOf(run: () => void): number {
  const start = performance.now();
  for (let count = 1; ; ++count) {
    run();
    const taken = performance.now() - start;
    if (taken >= TURN) return (taken * 1e6) / count;
  }
}

const medianOf = (values: number[]): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Random multiples of `unit` at which `size` bytes are left. */
const offsetsIn = (length: number, size: number, unit: number): number[] =>
  Array.from(
    { length: 4096 },
    () => Math.floor(Math.random() * (Math.floor((length - size) / unit) + 1)) * unit,
  );

/** What is read is used, or the compiler would leave it out. */
const used = { sum: 0 };

function randomValues(file: MmapFile, descriptor: number, length: number): Contest {
  const offsets = offsetsIn(length, 8, 1);
  const target = Buffer.alloc(8);
  return {
    name: 'read a number at a random offset',
    times: offsets.length,
    fmmap() {
      for (const offset of offsets) used.sum += file.readDoubleLE(offset);
    },
    fs() {
      for (const offset of offsets) {
        fs.readSync(descriptor, target, 0, 8, offset);
        used.sum += target.readDoubleLE(0);
      }
    },
  };
}

function randomPages(file: MmapFile, descriptor: number, length: number): Contest {
  const size = Math.min(PAGE, length);
  const offsets = offsetsIn(length, size, size).slice(0, 512);
  const target = Buffer.alloc(size);
  return {
    name: `copy ${formatSize(size)} from a random offset`,
    times: offsets.length,
    fmmap() {
      for (const offset of offsets) file.readExact(target, offset);
    },
    fs() {
      for (const offset of offsets) fs.readSync(descriptor, target, 0, size, offset);
    },
  };
}

function inOrder(file: MmapFile, descriptor: number, length: number): Contest {
  const size = Math.min(CHUNK, length - (length % 4));
  const count = Math.floor(length / size);
  const target = new Int32Array(size / 4);
  let next = { fmmap: 0, fs: 0 };
  const step = (who: 'fmmap' | 'fs') => {
    const offset = next[who] * size;
    next = { ...next, [who]: (next[who] + 1) % count };
    return offset;
  };
  return {
    name: `add up ${formatSize(size)} after the other`,
    times: 1,
    fmmap() {
      addUp(file.array(Int32Array, step('fmmap'), size / 4));
    },
    fs() {
      fs.readSync(descriptor, target, 0, size, step('fs'));
      addUp(target);
    },
  };
}

function addUp(words: Int32Array): void {
  let total = 0;
  for (let index = 0; index < words.length; ++index) total = (total + (words[index] ?? 0)) | 0;
  used.sum += total;
}

function compareFlushes(descriptor: number, compare: Compare): Outcome {
  const file = MmapFileMut.openExisting(descriptor, { lock: 'none' });
  try {
    return compare(flushes(file, descriptor));
  } finally {
    file.close();
  }
}

/** Each writes a page of the same file, and waits until it is on the disk. */
function flushes(file: MmapFileMut, descriptor: number): Contest {
  const source = Buffer.alloc(PAGE, 7);
  const offsets = offsetsIn(WRITTEN, PAGE, PAGE);
  let next = 0;
  const step = () => offsets[next++ % offsets.length] ?? 0;
  return {
    name: `make ${formatSize(PAGE)} durable`,
    times: 1,
    fmmap() {
      const offset = step();
      file.writeAll(source, offset);
      file.flush(offset, PAGE);
    },
    fs() {
      fs.writeSync(descriptor, source, 0, PAGE, step());
      fs.fsyncSync(descriptor);
    },
  };
}

function tableOf(path: string, length: number, outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ name }) => name.length)) + 2;
  const row = (...[name = '', ...cells]: string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  const rows = outcomes.map(({ name, fmmap, fs, ratio }) => {
    const times = `${ratio.toPrecision(ratio < 100 ? 2 : 3)}x`;
    const text = row(name, formatDuration(fmmap), formatDuration(fs), times);
    return ratio >= 1 ? paint('green', text) : text;
  });
  return [
    paint(
      'bold',
      row(`${printable(path)}, ${formatSize(length)} in memory`, 'fmmap', 'fs', 'as fast'),
    ),
    ...rows,
    paint(
      'dim',
      'Medians; 2x is twice as fast as fs. The file was only read: a file of its own was written.',
    ),
    '',
  ].join('\n');
}
