// Child programs given as source text, for tests of flavours that have no program files yet: new ones
// files, see `program.ts`.
import {
  DIST,
  linesOf,
  type ProgramOptions,
  type ProgramResult,
  type RunningProgram,
  startNode,
} from './program.js';

const prelude = (main: string): string => `
  const fs = require('node:fs');
  const { MmapFile, MmapFileMut, ...fmmap } = require(${JSON.stringify(main)});
  const args = process.argv.slice(1);
  /** One line of output, written at once. */
  const say = (value) => fs.writeSync(1, JSON.stringify(value) + '\\n');
  /** What a call throws, in a form that crosses a pipe. */
  const caught = (call) => {
    try { call(); } catch (error) {
      const { name, message, code, errno, syscall, path } = error;
      return { name, message, code, errno, syscall, path };
    }
    return 'no error';
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
`;

export interface ChildOptions extends ProgramOptions {
  /** Strings for the source's `args`. */
  args?: readonly string[];
}

/**
 * Starts a node process on `source`, a CommonJS program in which the package's exports, `fs`,
 * `args`, `say`, `caught`, `turn` and `gc` are already defined. It ends with the test at the latest.
 */
export function startChild(source: string, options: ChildOptions = {}): RunningProgram {
  const script = `${prelude(options.main ?? DIST)}(async () => {${source}\n})();`;
  return startNode(['-e', script, '--', ...(options.args ?? [])], options);
}

/** Runs `source` until it ends; see {@link startChild}. */
export function child(source: string, options?: ChildOptions): Promise<ProgramResult> {
  return startChild(source, options).done;
}

/** Runs `source`, which must succeed, and returns what it said. */
export async function hear(source: string, options?: ChildOptions): Promise<unknown[]> {
  return linesOf(await child(source, options));
}
