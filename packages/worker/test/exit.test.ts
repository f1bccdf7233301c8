import { describe, expect, test } from 'vitest';
import { hearProgram, namesIn, runProgram } from '../../core/test/helpers/program.js';
import { pattern, tempFile } from '../../core/test/helpers/temp.js';

const CONTENT = pattern(10_000);

/** A program of `programs/exit.cjs`. */
const program = (name: string): URL => new URL(`programs/exit.cjs#${name}`, import.meta.url);

describe('process.exit ends the process with its code', () => {
  test.each(namesIn(program('MOMENTS')))('%s', async (moment) => {
    const { code, signal, stderr } = await runProgram(program(`MOMENTS.${moment}`), {
      args: [tempFile(CONTENT)],
    });
    expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' });
  });
});

describe('a thread with a pool of its own', () => {
  test.each(['at once', 'while threads start', 'when files are open', 'when the first is done'])(
    'can be terminated %s, and leaves neither lock nor thread',
    async (moment) => {
      const args = [moment, tempFile(CONTENT)];
      const said = await hearProgram(program('terminated'), { args });
      expect(said).toEqual([moment, 1, 0, CONTENT[1]]);
    },
  );

  test('is ended with all its threads by the signal of the task that made it', async () => {
    const said = await hearProgram(program('aborted'), { args: [tempFile(CONTENT)] });
    expect(said).toEqual([true, 0, 10_000]);
  });

  test('may exit, which harms nobody else', async () => {
    const said = await hearProgram(program('exits'), { args: [tempFile(CONTENT)] });
    expect(said).toEqual([5, 5, 5]);
  });
});
