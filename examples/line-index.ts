/**
 * Gives a text file of any size a persistent index of its lines, and looks lines up by number:
 * `npm start [FILE] [--flavour sync|node|worker|stream]`. Prints how that compares with `fs.readSync`.
 */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { buildIndex, InputError } from './build-index.js';
import {
  type Flavour,
  type FlavourName,
  flavourNames,
  isFlavour,
  loadFlavour,
} from './flavours.js';
import { type Lines, MappedLines, ReadLines } from './lines.js';
import { Progress } from './progress.js';

const LOOK_UPS = 100_000;
const BATCH = 1000;

/** Ends the work at its next pause, so that the temporary directory goes even on Ctrl-C. */
const stop = new AbortController();

async function run(flavour: Flavour, textPath: string, directory: string): Promise<void> {
  const indexPath = path.join(directory, 'lines.index');
  const started = performance.now();
  const { bytes, lines } = await build(flavour, textPath, indexPath);
  const seconds = (performance.now() - started) / 1000;

  print('file', textPath);
  print('size', `${count(bytes)} bytes, ${count(lines)} lines`);
  print('index', `built in ${count(seconds * 1000)} ms (${count(bytes / 1e6 / seconds)} MB/s)`);
  print('fmmap', await measure(() => MappedLines.open(flavour, textPath, indexPath)));
  print('readSync', await measure(async () => new ReadLines(textPath, indexPath)));
  await compare(flavour, textPath, indexPath);
  print('', `both gave the same ${count(LOOK_UPS)} random lines`);
}

async function build(
  flavour: Flavour,
  textPath: string,
  indexPath: string,
): Promise<{ bytes: number; lines: number }> {
  using progress = new Progress('Indexing');
  return await buildIndex(flavour, textPath, indexPath, async (done, total) => {
    progress.update(done, total);
    await rest();
  });
}

/** Looks lines up at random, and tells how fast that was and what memory it took. */
async function measure(open: () => Promise<Lines>): Promise<string> {
  const before = process.memoryUsage();
  const opening = performance.now();
  await using lines = await open();
  const started = performance.now();
  const random = randomNumbers(lines.count);
  for (let done = 0; done < LOOK_UPS; done += BATCH) {
    for (let n = 0; n < BATCH; n += 1) lines.line(random());
    await rest();
  }
  const seconds = (performance.now() - started) / 1000;
  const after = process.memoryUsage();
  const grown = (['rss', 'heapUsed', 'external'] as const).map((kind) => {
    const megabytes = (after[kind] - before[kind]) / 1e6;
    return `${kind} ${megabytes < 0 ? '' : '+'}${megabytes.toFixed(1)} MB`;
  });
  const opened = `opened in ${count(started - opening)} ms`;
  return `${opened}, ${count(LOOK_UPS / seconds)} look-ups/s, memory ${grown.join(', ')}`;
}

async function compare(flavour: Flavour, textPath: string, indexPath: string): Promise<void> {
  await using mapped = await MappedLines.open(flavour, textPath, indexPath);
  await using read = new ReadLines(textPath, indexPath);
  const random = randomNumbers(mapped.count);
  for (let done = 0; done < LOOK_UPS; done += BATCH) {
    for (let n = 0; n < BATCH; n += 1) {
      const number = random();
      if (mapped.line(number) !== read.line(number)) throw new Error(`line ${number} differs`);
    }
    await rest();
  }
}

/** The same whole numbers below `limit` on every call (xorshift32). */
function randomNumbers(limit: number): () => number {
  let state = 2463534242;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
}

/** Lets signals in. */
async function rest(): Promise<void> {
  await setImmediate();
  stop.signal.throwIfAborted();
}

function print(name: string, text: string): void {
  console.log(name.padEnd(10) + text);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function parseArguments(): { flavour: FlavourName; file: string | undefined } {
  const usage = `usage: npm start -- [FILE] [--flavour ${flavourNames.join('|')}]`;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { flavour: { type: 'string', default: 'sync' } },
    });
    const [file, ...rest] = positionals;
    const { flavour } = values;
    if (rest.length === 0 && isFlavour(flavour)) return { flavour, file };
  } catch {} // an option that there is not
  throw new InputError(usage);
}

async function main(): Promise<void> {
  const { flavour, file } = parseArguments();
  const textPath = file ?? createRequire(import.meta.url).resolve('typescript');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.exitCode = 128 + os.constants.signals[signal];
      stop.abort();
    });
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'line-index-'));
  try {
    await run(await loadFlavour(flavour), textPath, directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Errors of the system and of the user's input need no stack. */
function isExpected(error: unknown): error is Error {
  return error instanceof InputError || (error instanceof Error && 'code' in error);
}

try {
  await main();
} catch (error) {
  if (!stop.signal.aborted) {
    if (!isExpected(error)) throw error;
    console.error(`line-index: ${error.message}`);
    process.exitCode = 1;
  }
}
