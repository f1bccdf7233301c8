import { expect, test } from 'vitest';
import { runProgram, tempDir } from './helpers/program.js';

const TIMEOUT = 120_000;
const FLAVOURS = ['node', 'worker', 'stream'];

async function expectRight(name: string, ...args: readonly string[]): Promise<void> {
  const end = await runProgram(`realms/${name}`, tempDir(), args, { timeout: TIMEOUT });
  expect(end).toMatchObject({ stdout: '', stderr: '', code: 0, signal: null });
}

test.each(FLAVOURS)(
  'every member of @fmmap/%s takes arguments from another realm',
  { timeout: TIMEOUT },
  async (flavour) => {
    await expectRight('members', flavour, 'arguments');
  },
);

test.each(FLAVOURS)(
  'every member of @fmmap/%s works in a realm without the globals of Node',
  { timeout: TIMEOUT },
  async (flavour) => {
    await expectRight('members', flavour, 'library');
  },
);

test.each(FLAVOURS)(
  'no member of @fmmap/%s reads a global, or a timer, after loading',
  { timeout: TIMEOUT },
  async (flavour) => {
    await expectRight('members', flavour, 'globals');
  },
);

test('copies of the library over one addon work side by side', { timeout: TIMEOUT }, async () => {
  const end = await runProgram('realms/copies', tempDir(), [], { timeout: TIMEOUT });
  expect(end).toMatchObject({ stdout: '', code: 0, signal: null });
});
