// A bar for what takes more than a second, on a terminal.
import * as fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { formatSize, percentOf } from './format.js';
import { fit, widthOf } from './terminal.js';

const PATIENCE = 1000;
const INTERVAL = 100;
const CELLS = 24;

/** Whether standard error is a terminal that is not needed by who reads standard output, such as a pager. */
const isPossible = (): boolean => process.stderr.isTTY && !fs.fstatSync(process.stdout.fd).isFIFO();

/** Shows how far something has come that reports it again and again. */
export class Progress {
  readonly #start = performance.now();
  #next = this.#start + PATIENCE;
  #isShown = false;

  constructor(
    readonly label: string,
    readonly total: number,
    readonly unit: 'bytes' | 'turns' = 'bytes',
  ) {}

  /** @param done - So much of {@link total}. */
  report(done: number): void {
    const now = performance.now();
    if (now < this.#next || !isPossible()) return;
    this.#next = now + INTERVAL;
    this.#isShown = true;
    const cells = Math.floor((CELLS * done) / this.total);
    const speed = formatSize((done / (now - this.#start)) * 1000);
    const rate = this.unit === 'bytes' ? `  ${speed}/s` : '';
    const bar = `[${'#'.repeat(cells).padEnd(CELLS)}] ${percentOf(done, this.total)} %${rate}`;
    const room = widthOf(process.stderr) - bar.length - 2; // the last column may begin a new line
    process.stderr.write(`\r${fit(this.label, Math.max(room, 1))} ${bar}\x1b[K`);
  }

  /** Wipes it off: also before something else is printed. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K');
    this.#isShown = false;
  }
}
