// What the terminal shows: its size, its colours, its characters, if there is one.
import process from 'node:process';
import type { WriteStream } from 'node:tty';

const STYLES = { bold: 1, dim: 2, green: 32, yellow: 33, cyan: 36 } as const;

/** Whether output has colours: on terminals, unless `NO_COLOR` or `FORCE_COLOR` say otherwise. */
function hasColours(): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

export function paint(style: keyof typeof STYLES, text: string): string {
  return hasColours() ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

/** The width of a terminal, or of what is written to a file. */
export function widthOf(stream: WriteStream): number {
  return stream.columns || Number(process.env.COLUMNS) || 80;
}

/** Whether characters beyond ASCII are shown. */
export function hasUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return process.platform !== 'linux' || /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** A text that fits into a line. */
export function fit(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}>`;
}

/** The end of a text, where what matters is. */
export function fitEnd(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `<${characters.slice(1 - width).join('')}`;
}
