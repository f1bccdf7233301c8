import * as fs from 'node:fs';
import * as os from 'node:os';

import { ENTRY } from './build-index.js';
import type { Flavour, TextFile } from './flavours.js';

const CR = 13;

/** The most bytes of a line that a look-up shows: one line may be as long as the file. */
const SHOWN = 4096;

/** The lines of a text by number, found through its index. */
export interface Lines extends AsyncDisposable {
  readonly count: number;
  line(number: number): string;
}

/** The first bytes of a line, or all of it without the CR of its end, as text. */
function decode(bytes: Buffer, shown: number, length: number): string {
  const isWhole = shown === length;
  return bytes.toString('utf8', 0, isWhole && bytes[shown - 1] === CR ? shown - 1 : shown);
}

/** Both files mapped: a look-up makes no system call, and copies nothing but the line. */
export class MappedLines implements Lines {
  readonly count: number;
  readonly #text: TextFile;
  readonly #index: TextFile;

  private constructor(text: TextFile, index: TextFile) {
    this.#text = text;
    this.#index = index;
    this.count = index.length / ENTRY;
  }

  static async open(flavour: Flavour, textPath: string, indexPath: string): Promise<MappedLines> {
    const text = await flavour.open(textPath);
    const index = await flavour.open(indexPath);
    // What fits into memory is mapped at once, which takes far less than page by page as it is used.
    if (text.length + index.length < os.freemem()) {
      await text.prefetch();
      await index.prefetch();
    }
    return new MappedLines(text, index);
  }

  line(number: number): string {
    const start = number === 0 ? 0 : this.#index.readUSizeLE((number - 1) * ENTRY) + 1;
    const length = this.#index.readUSizeLE(number * ENTRY) - start;
    const shown = Math.min(length, SHOWN);
    return decode(this.#text.bytes(start, shown), shown, length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#text.close();
    await this.#index.close();
  }
}

/** The same with `fs`: two reads a look-up, into buffers that are used again. */
export class ReadLines implements Lines {
  readonly count: number;
  readonly #text: number;
  readonly #index: number;
  readonly #entries = Buffer.alloc(2 * ENTRY);
  readonly #line = Buffer.alloc(SHOWN);

  constructor(textPath: string, indexPath: string) {
    this.#text = fs.openSync(textPath, 'r');
    this.#index = fs.openSync(indexPath, 'r');
    this.count = fs.fstatSync(this.#index).size / ENTRY;
  }

  line(number: number): string {
    const before = Math.min(number, 1); // the first line has no entry before its own
    fs.readSync(this.#index, this.#entries, 0, (before + 1) * ENTRY, (number - before) * ENTRY);
    const start = before === 0 ? 0 : this.#entries.readUIntLE(0, 6) + 1;
    const length = this.#entries.readUIntLE(before * ENTRY, 6) - start;
    const shown = Math.min(length, SHOWN);
    fs.readSync(this.#text, this.#line, 0, shown, start);
    return decode(this.#line, shown, length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    fs.closeSync(this.#text);
    fs.closeSync(this.#index);
  }
}
