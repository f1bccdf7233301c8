import * as fs from 'node:fs';
import * as os from 'node:os';

import { ENTRY } from './build-index.js';
import type { Flavour, TextFile } from './flavours.js';

const LF = 10;
const CR = 13;

/** The most bytes of a line that a look-up shows: one line may be as long as the file. */
const SHOWN = 4096;

/** The lines of a text by number, found through its index. */
export interface Lines extends AsyncDisposable {
  readonly count: number;
  line(number: number): string;
}

/** The first bytes of `bytes`, which hold the line and its end, as text without that end. */
function decode(bytes: Buffer, length: number): string {
  let end = length;
  if (bytes[end - 1] === LF) end -= bytes[end - 2] === CR ? 2 : 1;
  return bytes.toString('utf8', 0, end);
}

/** Both files mapped: a look-up makes no system call, and copies nothing but the line. */
export class MappedLines implements Lines {
  readonly count: number;
  readonly #text: TextFile;
  readonly #index: TextFile;
  readonly #length: number;

  private constructor(text: TextFile, index: TextFile) {
    this.#text = text;
    this.#index = index;
    this.#length = text.length;
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
    const start = this.#index.readUSizeLE(number * ENTRY);
    const isLast = number === this.count - 1;
    const end = isLast ? this.#length : this.#index.readUSizeLE((number + 1) * ENTRY);
    const length = Math.min(end - start, SHOWN);
    return decode(this.#text.bytes(start, length), length);
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
  readonly #length: number;
  readonly #entries = Buffer.alloc(2 * ENTRY);
  readonly #line = Buffer.alloc(SHOWN);

  constructor(textPath: string, indexPath: string) {
    this.#text = fs.openSync(textPath, 'r');
    this.#index = fs.openSync(indexPath, 'r');
    this.#length = fs.fstatSync(this.#text).size;
    this.count = fs.fstatSync(this.#index).size / ENTRY;
  }

  line(number: number): string {
    fs.readSync(this.#index, this.#entries, 0, 2 * ENTRY, number * ENTRY);
    const start = this.#entries.readUIntLE(0, 6);
    const isLast = number === this.count - 1;
    const end = isLast ? this.#length : this.#entries.readUIntLE(ENTRY, 6);
    const length = Math.min(end - start, SHOWN);
    fs.readSync(this.#text, this.#line, 0, length, start);
    return decode(this.#line, length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    fs.closeSync(this.#text);
    fs.closeSync(this.#index);
  }
}
