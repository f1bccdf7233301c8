import { pageSize } from '@fmmap/core';
import { describe, expect, test } from 'vitest';
import { pattern } from '../../core/test/helpers/temp.js';
import { fileOnDisk } from './helpers/files.js';
import {
  command,
  ESCAPE,
  fmmap,
  inTerminal,
  preload,
  said,
  shellCommand,
  start,
} from './helpers/run.js';

const CONTENT = pattern(64 * pageSize);

/** What is on a screen of 60 columns once some output has been written to it. */
function screenOf(output: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  const plain = output.replace(/␛\[\d*m/g, '');
  for (const [text, up] of plain.matchAll(/␛\[(\d+)A|␛\[[KJ]|\r|\n|[^␛\r\n]+/g)) {
    if (up !== undefined) row -= Number(up);
    else if (text === '\n') ++row;
    else if (text === `${ESCAPE}[K`)
      continue; // every line is written as a whole
    else if (text === `${ESCAPE}[J`) lines.length = row + 1;
    else if (text !== '\r') lines[row] = text;
    lines[row] ??= '';
  }
  return lines;
}

describe('residency --watch', () => {
  test('shows what changes, in place, until Ctrl-C, and leaves the terminal as it was', async () => {
    const path = fileOnDisk(CONTENT);
    await said('prefetch', path);
    const watch = shellCommand(['residency', '--watch', '0.05', path]);
    const terminal = inTerminal(
      `stty -a > '${path}.1'; trap : INT; ${watch}; echo "code $?"; stty -a > '${path}.2'; diff '${path}.1' '${path}.2' && echo same`,
    );
    await terminal.until(/\[3A[\s\S]*\] 100 %/); // drawn at least twice
    await said('evict', path);
    const before = await terminal.until(/\] 0 %/);
    expect(screenOf(before)[1]).toMatch(/^\[ {49}\] 0 %$/);
    await said('prefetch', path);
    await terminal.until(/\] 0 %[\s\S]*\] 100 %/);
    terminal.type('\x03');
    const { code, stdout } = await terminal.done;
    expect(code).toBe(0);
    expect(stdout).toContain('code 130');
    expect(stdout).toContain('same');
    // Neither another screen nor a hidden cursor, which would have to be undone.
    expect(stdout).not.toContain(`${ESCAPE}[?`);
    const screen = screenOf(stdout.slice(0, stdout.indexOf('^C'))).slice(0, 4);
    expect(screen[1]).toMatch(/^\[█{49}\] 100 %$/);
    expect(screen[2]).toBe('64 of 64 pages, 256 KiB of 256 KiB in memory');
  });

  test('goes on when a file is missing for a while, and draws no more lines than there are', async () => {
    const path = fileOnDisk(CONTENT);
    const files = Array.from({ length: 12 }, () => path);
    const watch = shellCommand(['residency', '--watch', '0.05', ...files, `${path}.missing`]);
    const terminal = inTerminal(watch);
    const output = await terminal.until(/\[23A[\s\S]*\[23A/);
    expect(screenOf(output).length).toBeLessThanOrEqual(24);
    terminal.type('\x03');
    // The code by which script(1) tells of a signal.
    expect(await terminal.done).toMatchObject({ code: 130 });
  });

  test('says what is wrong with a file in its place', async () => {
    const path = fileOnDisk(CONTENT);
    const terminal = inTerminal(shellCommand(['residency', '-w', '0.05', `${path}.missing`]));
    await terminal.until(/missing: no such file or directory[\s\S]*\[1A/);
    terminal.type('\x03');
    expect(await terminal.done).toMatchObject({ code: 130 });
  });

  test('shows the end of that where it does not fit into a line', async () => {
    const path = `${fileOnDisk(CONTENT)}.${'long'.repeat(30)}`;
    const terminal = inTerminal(shellCommand(['residency', '-w', '0.05', path]));
    const output = await terminal.until(/no such file or directory[\s\S]*\[1A/);
    terminal.type('\x03');
    await terminal.done;
    const [line = ''] = output.split('␛[K');
    expect(line.trim()).toMatch(/^<.*long: no such file or directory$/);
    expect(line.trim().length).toBeLessThanOrEqual(80);
  });

  test('prints one after the other where there is no terminal', async () => {
    const path = fileOnDisk(CONTENT);
    const running = start(command(['residency', '--watch', '0.05', '--json', path]));
    const output = await running.until(/(.*\n){3}/);
    for (const line of output.trimEnd().split('\n').slice(0, 3)) {
      expect(JSON.parse(line)).toMatchObject({ path, pages: 64 });
    }
  });
});

describe('colours', () => {
  const path = () => fileOnDisk('x');

  test.each([
    ['are for terminals', {}, true],
    ['are left out with NO_COLOR', { NO_COLOR: '1' }, false],
    ['are not left out with an empty NO_COLOR', { NO_COLOR: '' }, true],
    ['are left out with FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
    ['are left out in a dumb terminal', { TERM: 'dumb' }, false],
  ])('%s', async (_, env, isColoured) => {
    const { code, stdout } = await inTerminal(shellCommand(['stat', path()]), { env }).done;
    expect(code).toBe(0);
    expect(stdout.includes(ESCAPE)).toBe(isColoured);
  });

  test('are not for files, unless forced, even against NO_COLOR', async () => {
    expect((await fmmap(['stat', path()])).stdout).not.toContain(ESCAPE);
    for (const env of [{ FORCE_COLOR: '1' }, { FORCE_COLOR: '', NO_COLOR: '1' }]) {
      expect((await fmmap(['stat', path()], { env })).stdout).toContain(ESCAPE);
    }
  });
});

describe('the progress', () => {
  const flags = preload('slow-clock');

  test.each([
    ['prefetch', []],
    ['evict', []],
    ['search', ['x']],
    ['bench', []],
  ])('of %s is shown after a second, and wiped off', async (command, more) => {
    const path = fileOnDisk(CONTENT);
    const { stdout } = await inTerminal(shellCommand([command, path, ...more], flags)).done;
    expect(stdout).toMatch(new RegExp(`\r${command} \\S+ \\[#+ *\\] [\\d.]+ %( .*\\/s)?␛\\[K`));
    expect(stdout).toContain('\r␛[K');
    for (const [, bar = ''] of stdout.matchAll(/\r([^\r\n␛]+)␛\[K/g))
      expect(bar.length).toBeLessThan(60);
  });

  test('is not shown before, nor where there is no terminal', async () => {
    const path = fileOnDisk(CONTENT);
    const quick = await inTerminal(shellCommand(['prefetch', path])).done;
    expect(quick.stdout).not.toContain('#');
    expect(await fmmap(['prefetch', path], { flags })).toMatchObject({ code: 0, stderr: '' });
    // A program that reads the output may have the terminal for itself, as a pager has.
    const piped = await inTerminal(`${shellCommand(['prefetch', path], flags)} | cat`).done;
    expect(piped.stdout).toMatch(/^\S+: .*\(100 %\)\r\n$/);
    const kept = await inTerminal(`${shellCommand(['prefetch', path], flags)} > '${path}.out'`)
      .done;
    expect(kept.stdout).toContain('[####');
  });
});
