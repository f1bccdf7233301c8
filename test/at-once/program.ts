// What the programs of this folder have in common. Each makes some things happen at once, and says
// what was not as promised; who runs it looks at how it ends, and at when.
import * as fs from 'node:fs';

/** A directory of its own, the flavour, and whatever else it needs. */
export const [directory = '', flavour = 'node', ...options] = process.argv.slice(2);

export const PAGE = 4096;

/** One kind of byte, which is not zero. */
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

/** What a program is at, in case that it never gets any further. */
export function step(text: string): void {
  fs.writeSync(2, `${text}\n`);
}

/** Says what was found, and ends. */
export function finish(): never {
  fs.writeSync(1, JSON.stringify(findings));
  process.exit();
}

/** An error of ours is an answer, too. Others are thrown on. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('Mmap')) return undefined;
    throw error;
  }
}

/** The name or code of what a promise or a call is rejected with; `''` if it is not. */
export async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
    return '';
  } catch (error) {
    const { name, code = name } = error as Error & { code?: string };
    return String(code);
  }
}
