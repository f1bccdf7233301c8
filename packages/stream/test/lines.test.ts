import * as fs from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { whereFilesAreCut } from '../../core/test/helpers/platform.js';
import { tempFile } from '../../core/test/helpers/temp.js';
import { AsyncMmapFile, MmapClosedError, MmapFaultError, MmapRangeError } from '../src/index.js';
import { expectArgumentError, opened } from './helpers/files.js';

/** What is searched at once. */
const BLOCK = 2 ** 18;

async function linesOf(text: string | Uint8Array, options = {}): Promise<string[]> {
  const file = await opened(text);
  const lines: string[] = [];
  for await (const line of file.lines(options)) lines.push(line);
  return lines;
}

describe('lines', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['\n', ['']],
    ['\n\n', ['', '']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\rb\r\r\n', ['a\rb\r']],
    ['a\r', ['a\r']],
    ['\u{feff}ä€𝄞\n', ['\u{feff}ä€𝄞']],
  ])('of %j are %j', async (text, expected) => {
    expect(await linesOf(text)).toEqual(expected);
  });

  test.each([0, 1, 2, 3, 4])(
    'go across the border of what is searched at once, %s before',
    async (by) => {
      const head = 'x'.repeat(BLOCK - by);
      expect(await linesOf(`${head}\r\n𝄞\r\nend`)).toEqual([head, '𝄞', 'end']);
      const text = `${'x'.repeat(BLOCK - by)}𝄞€`;
      expect(await linesOf(`${text}\n`)).toEqual([text]);
    },
  );

  test('may be long', async () => {
    const line = 'long '.repeat(BLOCK);
    expect(await linesOf(`short\n${line}\nshort`)).toEqual(['short', line, 'short']);
  });

  test('are those that readline finds', async () => {
    const text = Array.from({ length: 30_000 }, (_, index) => `${'é'.repeat(index % 50)}${index}`);
    const path = tempFile(text.join('\r\n'));
    const expected: string[] = [];
    for await (const line of createInterface(fs.createReadStream(path))) expected.push(line);
    expect(await linesOf(fs.readFileSync(path))).toEqual(expected);
  });

  test('of a range begin and end with it', async () => {
    expect(await linesOf('one\ntwo\nthree\n', { offset: 2, length: 8 })).toEqual([
      'e',
      'two',
      'th',
    ]);
  });

  test('end with the loop over them', async () => {
    const file = await opened('a\nb\nc\n');
    for await (const line of file.lines()) {
      expect(line).toBe('a');
      break;
    }
  });

  test('fail when the file is closed or made shorter, or the signal aborted', async () => {
    const text = 'line\n'.repeat(10_000);
    const closed = await opened(text);
    const first = closed.lines();
    await first.next();
    await closed.close();
    await expect(first.next()).rejects.toThrow(MmapClosedError);

    const shorter = await opened(text);
    const second = shorter.lines();
    await second.next();
    await shorter.truncate(6);
    await expect(second.next()).rejects.toThrow(MmapRangeError);

    const controller = new AbortController();
    const aborted = (await opened(text)).lines({ signal: controller.signal });
    await aborted.next();
    controller.abort(new Error('enough'));
    await expect(aborted.next()).rejects.toThrow('enough');
  });

  whereFilesAreCut.test('fail when the file is faulted', async () => {
    const path = tempFile('line\n'.repeat(10_000));
    const file = await AsyncMmapFile.open(path);
    onTestFinished(() => file.close());
    const lines = file.lines();
    fs.truncateSync(path, 100);
    await expect(lines.next()).rejects.toThrow(MmapFaultError);
  });

  test('refuse bad options at once', async () => {
    const file = await opened('0123456789');
    expectArgumentError(() => file.lines({ offset: -1 }), 'offset');
    expectArgumentError(() => file.lines({ length: 11 }), 'length');
    expectArgumentError(() => file.lines({ chunkSize: 1 } as never), 'chunkSize');
  });
});
