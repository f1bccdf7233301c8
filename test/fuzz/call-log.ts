import * as fs from 'node:fs';
import { show } from './values.js';

/** Lines of equal length, so that one can be written without moving others. */
const LINE = 400;
const LINES = 8;

/** The last calls of a process that may crash in any of them. */
export class CallLog {
  readonly #file: number;
  #count = 0;

  constructor(directory: string) {
    this.#file = fs.openSync(`${directory}/calls`, 'w');
  }

  add(name: string, args: readonly unknown[]): void {
    const text = `${this.#count}: ${name}(${args.map(show).join(', ')})`;
    const line = `${text
      .replaceAll('\n', ' ')
      .slice(0, LINE - 1)
      .padEnd(LINE - 1)}\n`;
    fs.writeSync(
      this.#file,
      Buffer.from(line).subarray(0, LINE),
      0,
      LINE,
      (this.#count % LINES) * LINE,
    );
    this.#count += 1;
  }
}

/** In chronological order. */
export function lastCalls(directory: string): string {
  const lines = fs.readFileSync(`${directory}/calls`, 'utf8').split('\n');
  const numbered = lines.map((line) => line.trim()).filter((line) => /^\d+:/.test(line));
  return numbered
    .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
    .join('\n');
}
