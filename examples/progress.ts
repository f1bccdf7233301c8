const WAIT_MS = 1000;
const EVERY_MS = 100;
const WIDTH = 40;

interface Terminal {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar on a terminal, for work that takes over a second; nothing anywhere else. */
export class Progress implements Disposable {
  readonly #label: string;
  readonly #terminal: Terminal;
  readonly #started = performance.now();
  #drawn = 0;

  constructor(label: string, terminal: Terminal = process.stderr) {
    this.#label = label;
    this.#terminal = terminal;
  }

  update(done: number, total: number): void {
    const now = performance.now();
    if (!this.#terminal.isTTY || now - this.#started < WAIT_MS || now - this.#drawn < EVERY_MS) {
      return;
    }
    this.#drawn = now;
    const filled = Math.floor((done / total) * WIDTH);
    const bar = '#'.repeat(filled).padEnd(WIDTH, '.');
    const percent = Math.floor((done / total) * 100);
    this.#terminal.write(`\r${this.#label} [${bar}] ${percent} %`);
  }

  [Symbol.dispose](): void {
    if (this.#drawn > 0) this.#terminal.write('\r\x1b[K');
  }
}
