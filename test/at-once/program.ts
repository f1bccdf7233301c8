// Shared by the programs of this folder. Each makes some things happen at the same time, and reports
// what was not as promised; whoever runs it checks how it ends, and when.
import * as fs from 'node:fs';

/** Its own directory, the flavour, and any further arguments. */
export const [directory = '', flavour = 'node', ...options] = process.argv.slice(2);

export const PAGE = 4096;

/** Any byte that is not zero, repeated. */
export const BYTE = 0xaa;

export function makeFile(name: string, length: number, byte: number = BYTE): string {
  const path = `${directory}/${name}`;
  fs.writeFileSync(path, Buffer.alloc(length, byte));
  return path;
}

const findings: string[] = [];

export function expect(isRight: boolean, what: string): void {
  if (!isRight && findings.length < 20) findings.push(what);
}

/** Reports what the program is doing, in case it gets stuck there. */
export function step(text: string): void {
  fs.writeSync(2, `${text}\n`);
}

/** Reports the findings, and exits. */
export function finish(): never {
  fs.writeSync(1, JSON.stringify(findings));
  process.exit();
}

/** One of our errors is a valid answer, too. Others are rethrown. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('Mmap')) return undefined;
    throw error;
  }
}

/** The name or code of the error of a promise or a call; `''` if there is none. */
export async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
    return '';
  } catch (error) {
    const { name, code = name } = error as Error & { code?: string };
    return String(code);
  }
}
