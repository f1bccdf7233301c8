import { expect, test } from 'vitest';
import { lastCalls } from './fuzz/call-log.js';
import { runProgram, tempDir } from './helpers/program.js';

/** To repeat a seed, or for longer runs, see CONTRIBUTING.md. */
const SEED = Number(process.env.FMMAP_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const BATCHES = Number(process.env.FMMAP_FUZZ_BATCHES ?? 8);
/** Files cannot grow beyond it: random calls should fill neither disk nor memory. */
const FILE_SIZE = 2 ** 26;
const TIMEOUT = 60_000;

const batches = Array.from({ length: BATCHES }, (_, batch) => (SEED + batch) % 2 ** 31);
const limited = ['prlimit', `--fsize=${FILE_SIZE}`];

async function run(name: string, args: readonly string[], stdout: string): Promise<void> {
  const directory = tempDir();
  const options = { through: limited, timeout: TIMEOUT };
  const end = await runProgram(`fuzz/${name}`, directory, args, options);
  const { code, signal } = end;
  const about = `${end.stderr}\nthe last calls, of which the last one was not over:\n${lastCalls(directory)}`;
  expect({ code, signal, stdout: end.stdout }, about).toEqual({ code: 0, signal: null, stdout });
}

test.each(batches)(
  'the addon survives calls of all kinds, seed %i',
  async (seed) => {
    await run('exports', [String(seed), '3000'], 'kept');
  },
  TIMEOUT + 10_000,
);

test(
  'the addon survives calls with any one argument at an edge of its range',
  async () => {
    await run('each-argument', [String(SEED)], 'kept');
  },
  TIMEOUT + 10_000,
);

test.each(batches)(
  'forged tokens attach to nothing else, seed %i',
  async (seed) => {
    await run('tokens', [String(seed), '1000'], '[]');
  },
  TIMEOUT + 10_000,
);
