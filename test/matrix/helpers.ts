// The worker and the second process, as a matrix process talks to them.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { inTime } from './deadline.js';
import type { Answers, Order } from './protocol.js';

type Waiting = (value: unknown) => void;

/** A worker thread that executes at most one order at a time. */
export class Helper {
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  #waiting: Waiting | undefined;

  private constructor(flavour: string) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { flavour },
    });
    this.#exited = once(this.#worker, 'exit');
    this.#worker.on('message', (reply) => this.#waiting?.(reply));
    this.#worker.on('error', (error) => this.#waiting?.({ error: error.stack }));
  }

  static async start(flavour: string): Promise<Helper> {
    const helper = new Helper(flavour);
    await inTime(helper.#reply(), 'the start of a worker');
    return helper;
  }

  async #reply(): Promise<unknown> {
    const reply = await new Promise((resolve) => {
      this.#waiting = resolve;
    });
    const { value, error } = reply as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(`in the worker: ${error}`);
    return value;
  }

  async tell<Name extends Order['order']>(
    order: Extract<Order, { order: Name }>,
  ): Promise<Answers[Name]> {
    this.#worker.postMessage(order);
    return (await this.#reply()) as Answers[Name];
  }

  /** Terminates it, whatever it is doing; a pending order is never answered. */
  async terminate(): Promise<void> {
    this.#waiting = undefined;
    await this.#worker.terminate();
    await this.#exited;
  }
}

/** Another process, which executes one order at a time. */
export class Stranger {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];

  constructor() {
    const program = fileURLToPath(new URL('./stranger.js', import.meta.url));
    this.#process = spawn(process.execPath, [program]);
    this.#process.stderr.pipe(process.stderr);
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#waiting.shift()?.(JSON.parse(line)),
    );
  }

  async ask(order: 'open' | 'cut' | 'lock', path: string, size = 0): Promise<void> {
    const answer = new Promise((resolve) => this.#waiting.push(resolve));
    this.#process.stdin.write(`${JSON.stringify([order, path, size])}\n`);
    const said = await answer;
    if (said !== 'done') throw new Error(`in the other process: ${said}`);
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    await once(this.#process, 'exit');
  }
}
