import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildIndex } from '../examples/build-index.ts';
import { flavourNames, loadFlavour } from '../examples/flavours.ts';
import { MappedLines } from '../examples/lines.ts';
import { NOBODY, run, START, tempDir, tempFile } from './helpers/line-index.ts';

const TYPESCRIPT = createRequire(import.meta.url).resolve('typescript');

/** Counts in a different way from the example. */
function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

describe('npm start [FILE]', () => {
  test("indexes TypeScript's own source by default and prints what it measured", async () => {
    const { code, stdout, stderr, lines, left } = await run([]);
    expect({ code, stderr, left }).toEqual({ code: 0, stderr: '', left: [] });
    expect(lines).toBe(countLines(fs.readFileSync(TYPESCRIPT, 'utf8')));
    const { size } = fs.statSync(TYPESCRIPT);
    expect(stdout).toMatch(/^file +\/.*typescript\.js\n/);
    expect(stdout).toContain(`${size.toLocaleString('en-US')} bytes`);
    expect(stdout).toMatch(/^index +built in [\d,]+ ms \([\d,]+ MB\/s\)$/m);
    const measured =
      ' +opened in \\d+ ms, [\\d,]+ look-ups/s, memory rss .* MB, heapUsed .* MB, external .* MB$';
    expect(stdout).toMatch(new RegExp(`^fmmap${measured}`, 'm'));
    expect(stdout).toMatch(new RegExp(`^readSync${measured}`, 'm'));
    expect(stdout).toMatch(/both gave the same 100,000 random lines\n$/);
  });

  const texts: Record<string, string> = {
    'lines that end in CR LF': 'one\r\n\r\ntwo\r\nthree\r\n',
    'no line feed at the end': 'one\ntwo\nthree',
    'one line': 'only\n',
    'one line without an end': 'only',
    'a line feed and nothing else': '\n',
    'empty lines only': '\n'.repeat(10_000),
    'a line longer than a look-up shows': `${'ä'.repeat(5000)}${'\nshort'.repeat(20)}`,
    'more lines than the index has room for at first': 'x\n'.repeat(100_000),
  };
  for (const [name, text] of Object.entries(texts)) {
    test(`counts ${name}`, async () => {
      const { code, lines, stdout, stderr, left } = await run([tempFile(text)]);
      expect({ code, stderr, left }).toEqual({ code: 0, stderr: '', left: [] });
      expect(lines).toBe(countLines(text));
      expect(stdout).toContain('both gave the same');
    });
  }

  test('takes a path with spaces, relative to where npm was called', async () => {
    const path = tempFile('a\nb\n', 'two words.txt');
    const options = { script: START, env: { INIT_CWD: dirname(path) } };
    const { code, lines, stdout } = await run([basename(path)], options);
    expect({ code, lines }).toEqual({ code: 0, lines: 2 });
    expect(stdout).toMatch(/^file +two words\.txt\n/);
  });

  test('reads bytes that are not UTF-8', async () => {
    const { code, lines } = await run([tempFile(Buffer.from([0xff, 0xfe, 10, 0, 0xc3, 10, 0x80]))]);
    expect({ code, lines }).toEqual({ code: 0, lines: 3 });
  });
});

describe('what cannot be indexed gets one line and exit code 1', () => {
  async function expectRefusal(args: string[], message: RegExp, options = {}) {
    const { code, stdout, stderr, left } = await run(args, options);
    expect({ code, stdout, left }).toEqual({ code: 1, stdout: '', left: [] });
    expect(stderr).toMatch(/^line-index: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  }

  test('an empty file', () => expectRefusal([tempFile('')], /lines\.txt' is empty/));
  test('a missing file', () => expectRefusal(['/no/such/file'], /ENOENT.*'\/no\/such\/file'/));
  test('a directory', () => expectRefusal([tempDir()], /EISDIR/));
  test('a device', () => expectRefusal(['/dev/null'], /ENODEV/));
  test('two files', () => expectRefusal(['a', 'b'], /usage/));

  test('an unreadable file', async () => {
    const path = tempFile('secret\n');
    fs.chmodSync(path, 0o000);
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    await expectRefusal([path], /EACCES.*lines\.txt/, uid === undefined ? {} : { uid });
  });

  test('a file that another process has locked', async () => {
    const { MmapFileMut } = await import('@fmmap/core');
    const path = tempFile('mine\n');
    const file = MmapFileMut.openExisting(path);
    onTestFinished(() => file.close());
    await expectRefusal([path], /EWOULDBLOCK.*lines\.txt/);
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends it and leaves nothing behind', async (signal, expected) => {
  const path = tempFile('a\n'.repeat(1000));
  fs.truncateSync(path, 2 ** 30);
  let seen: string[] = [];
  const { code, stdout, stderr, left } = await run([path], {
    during: (child, temp) => {
      const watcher = fs.watch(temp, () => {
        if (child.killed) return;
        seen = fs.readdirSync(temp);
        child.kill(signal);
      });
      onTestFinished(() => watcher.close());
    },
  });
  expect(seen).toEqual([expect.stringMatching(/^line-index-/)]);
  expect({ code, stdout, stderr, left }).toEqual({
    code: expected,
    stdout: '',
    stderr: '',
    left: [],
  });
});

describe.each(flavourNames)('--flavour %s', (flavour) => {
  test('indexes the same lines', async () => {
    const { code, lines, stderr, left } = await run([TYPESCRIPT, '--flavour', flavour]);
    expect({ code, stderr, left }).toEqual({ code: 0, stderr: '', left: [] });
    expect(lines).toBe(countLines(fs.readFileSync(TYPESCRIPT, 'utf8')));
  });

  test('makes a correct index for lines that cross its internal pieces', async () => {
    const words: string[] = [];
    for (let bytes = 0, n = 0; bytes < 40 * 2 ** 20; n += 1) {
      const word = `${n} ${'-'.repeat((n * 7919) % 5000)}`;
      words.push(word);
      bytes += word.length + 1;
    }
    const textPath = tempFile(words.join('\n'));
    const indexPath = join(tempDir(), 'index');
    const files = await loadFlavour(flavour);
    const found = await buildIndex(files, textPath, indexPath, async () => {});
    expect(found).toEqual({ bytes: fs.statSync(textPath).size, lines: words.length });
    await using lines = await MappedLines.open(files, textPath, indexPath);
    expect(lines.count).toBe(words.length);
    for (const [number, word] of words.entries()) {
      if (lines.line(number) !== word.slice(0, 4096)) expect.fail(`line ${number} differs`);
    }
  });
});

test.each([['--flavour', 'fast'], ['--flavour'], ['--colour'], ['a', 'b']])(
  'the arguments %s %s are refused with the usage',
  async (...args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^line-index: usage: .*--flavour sync\|node\|worker\|stream/);
  },
);
