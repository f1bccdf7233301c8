import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pattern, tempDir, tempFile } from '../../core/test/helpers/temp.js';
import { ESCAPE, fmmap, preload, run, said, shellCommand } from './helpers/run.js';

const COMMANDS = ['stat', 'residency', 'prefetch', 'evict', 'lock', 'hexdump', 'search', 'bench'];

/** With a pattern, if it needs one. */
const call = (command: string, path: string) => [
  command,
  path,
  ...(command === 'search' ? ['x'] : []),
];

describe.each(COMMANDS)('%s', (command) => {
  const refused = async (path: string, reason: string, asNobody = false) => {
    const line = `fmmap: ${path}: ${reason}\n`;
    expect(await fmmap(call(command, path), { asNobody })).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: line,
    });
  };

  test('refuses what is no file, in one line', async () => {
    const folder = tempDir();
    await refused(join(folder, 'missing'), 'no such file or directory');
    await refused(folder, 'is a directory');
    await refused('-', 'standard input cannot be mapped (a file of this name is ./-)');
    await refused('/dev/null', 'cannot be mapped: not an ordinary file');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await refused(pipe, 'cannot be mapped: not an ordinary file');
    await refused(join(tempFile('x'), 'below'), 'not a directory');
  });

  test('says if the file may not be read', async () => {
    if (command === 'lock') return; // which does not read it
    const path = tempFile('12345678');
    fs.chmodSync(path, 0);
    await refused(path, 'permission denied', true);
  });

  test('takes exactly the arguments that it has', async () => {
    for (const args of [[command], [...call(command, tempFile('x')), '--nothing']]) {
      const { code, stdout, stderr } = await fmmap(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /^fmmap: (missing required argument 'file'|unknown option '--nothing').*\n$/,
      );
    }
  });

  test('has a help with examples, units and exit codes, that fits into 80 columns', async () => {
    const help = await said(command, '--help');
    expect(help).toMatch(new RegExp(`^Usage: fmmap ${command} \\[options\\]`));
    expect(help).toMatch(new RegExp(`^  fmmap ${command} `, 'm'));
    expect(help).toMatch(/^Exit codes: 0/m);
    if (help.includes('<size>')) expect(help).toMatch(/^Sizes are in bytes: 4096, .*64k/m);
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

test('a command that there is not', async () => {
  expect(await fmmap(['stta'])).toMatchObject({
    code: 2,
    stderr: "fmmap: unknown command 'stta' (Did you mean stat?)\n",
  });
  const none = await fmmap([]);
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toContain('Usage: fmmap');
});

test('help and version', async () => {
  const { version } = JSON.parse(
    fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  expect(await said('--version')).toBe(`${version}\n`);
  const help = await said('--help');
  for (const command of COMMANDS) expect(help).toMatch(new RegExp(`^  ${command} `, 'm'));
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.each([
  [['hexdump', '--offset', '5'], 'offset 5 is after its end (4 bytes)'],
  [['residency', '-o', '1k'], 'offset 1024 is after its end (4 bytes)'],
])('%j: %s', async (args, reason) => {
  const path = tempFile('four');
  expect(await fmmap([...args, path])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: `fmmap: ${path}: ${reason}\n`,
  });
});

test.each([
  [['hexdump', '--offset', '1x'], "'1x' is invalid. Not a size, such as 4096, 64k or 1GiB."],
  [['evict', '--length', '-1'], "'-1' is invalid. Not a size"],
  [['hexdump', '--columns', '0'], 'Not a whole number from 1 to 1024.'],
  [['hexdump', '--columns', '2k'], 'Not a whole number from 1 to 1024.'],
  [['residency', '--watch', '0'], 'Not a number of seconds from 0.05 to 86400.'],
])('%j: %s', async (args, reason) => {
  const { code, stdout, stderr } = await fmmap([...args, tempFile('x')]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^fmmap: .*\n$/);
  expect(stderr).toContain(reason);
});

test('a file that is cut while it is shown', async () => {
  const path = tempFile(pattern(100_000));
  const ran = await fmmap(['hexdump', path], { flags: preload('cut'), env: { FMMAP_FILE: path } });
  expect(ran).toMatchObject({ code: 2 });
  expect(ran.stderr).toMatch(
    /^fmmap: offset \d+ of '.*' cannot be used: the file was truncated .*\n$/,
  );
});

test('a mistake of ours has a stack, and is an error', async () => {
  const ran = await fmmap(['residency', tempFile('x')], { flags: preload('broken') });
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toMatch(/^TypeError: a mistake\n {4}at /);
});

test('names reach the terminal harmlessly', async () => {
  const path = join(tempDir(), 'a\x1b[2Jb\nc');
  expect((await fmmap(['stat', path])).stderr).toMatch(
    /^fmmap: .*a\\x1b\[2Jb\\x0ac: no such file or directory\n$/,
  );
  fs.writeFileSync(path, 'x');
  for (const command of COMMANDS.filter((name) => name !== 'bench')) {
    expect((await fmmap(call(command, path))).stdout).not.toContain(ESCAPE);
  }
});

describe('a reader that goes away', () => {
  test.each([
    ['hexdump --no-squeeze', 'head -n 1'],
    ['search --hex 00', 'head -n 1'],
    ['hexdump', 'true'],
  ])('ends %s | %s quietly', async (command, reader) => {
    const path = tempFile(Buffer.alloc(3_000_000));
    const script = `${shellCommand([...command.split(' '), path])} | ${reader} > /dev/null; echo "\${PIPESTATUS[*]}"`;
    expect(await run(['bash', '-c', script])).toMatchObject({ stdout: '0 0\n', stderr: '' });
  });
});

test('a disk that is full where the output goes', async () => {
  const script = `${shellCommand(['hexdump', tempFile('x')])} > /dev/full`;
  const ran = await run(['sh', '-c', script]);
  expect(ran).toMatchObject({ code: 2 });
  expect(ran.stderr).toMatch(/^fmmap: standard output: ENOSPC: .*\n$/);
});

test.each(['search FILE x', 'stat FILE', 'residency FILE', 'lock FILE', 'search'])(
  'the exit code of %s, where its errors cannot be written',
  async (command) => {
    const words = command.replace('FILE', join(tempDir(), 'missing')).split(' ');
    const ran = await run(['sh', '-c', `${shellCommand(words)} 2> /dev/full`]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  },
);
