import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { hearProgram } from '../../core/test/helpers/program.js';
import { AsyncMmapFile, AsyncMmapFileMut, WorkerPool } from '../src/index.js';
import { rejected } from './helpers/rejected.js';

const PROGRAM = new URL('programs/surroundings.cjs#noCodeOfStrings', import.meta.url);
const COUNT = fileURLToPath(new URL('tasks/count.mjs', import.meta.url));

test('a function is no task where no code may be made of strings, which is said; a module is one', async () => {
  const said = await hearProgram(PROGRAM, {
    flags: ['--disallow-code-generation-from-strings'],
    args: [pathToFileURL(COUNT).href],
  });
  const refused = {
    name: 'MmapUnsupportedError',
    code: 'ERR_MMAP_UNSUPPORTED',
    message: expect.stringMatching(/--disallow-code-generation-from-strings.*URL of a module/),
  };
  expect(said).toEqual([refused, refused, 'object']);
});

describe('a task', () => {
  test.each(['RangeError', 'TypeError', 'SyntaxError', 'Error'])(
    'that throws a %s of another realm rejects with one of this realm',
    async (name) => {
      await using file = AsyncMmapFile.memory('m', 'x');
      const error = await rejected(
        file.run(async (_, wanted) => {
          const vm = process.getBuiltinModule('node:vm');
          throw vm.runInNewContext(`Object.assign(new ${wanted}('text'), { code: 'CODE' })`);
        }, name),
      );
      expect(error).toBeInstanceOf(globalThis[name as 'RangeError']);
      expect(error).toMatchObject({ name, message: 'text', code: 'CODE' });
    },
  );

  test('may be given a URL, an array and a signal of another realm', async () => {
    await using file = AsyncMmapFileMut.memory('m', 'a\nb\n');
    const href = pathToFileURL(COUNT).href;
    const url = runInNewContext(`({ href: '${href}', protocol: 'file:' })`) as URL;
    const args = runInNewContext('[10]') as [number];
    const signal = runInNewContext('({ aborted: false })') as AbortSignal;
    const found = await file.map(url, { args, signal });
    expect(found).toMatchObject([{ length: 4, args: [0, 4, 10] }]);
  });

  test('is not given a file, and the message says what is sent instead', async () => {
    await using file = AsyncMmapFile.memory('m', 'x');
    const error = await rejected(file.run((() => {}) as never, file));
    expect(error).toMatchObject({ argument: 'args', message: expect.stringContaining('share()') });
  });
});

test('a pool is not cloned', () => {
  const pool = new WorkerPool();
  expect(() => structuredClone(pool)).toThrow('WorkerPool');
});
