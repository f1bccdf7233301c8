import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hear } from '../../core/test/helpers/child.js';

const MAIN = fileURLToPath(new URL('../dist/index.cjs', import.meta.url));
const MODULE = fileURLToPath(new URL('tasks/count.mjs', import.meta.url));

test('where no code is made of strings, a function says so, and a module runs', async () => {
  const said = await hear(
    `const { AsyncMmapFile, MmapUnsupportedError } = fmmap;
     const file = AsyncMmapFile.memory('memory', 'some text');
     const task = (file) => file.length;
     for (const run of [() => file.run(task), () => file.map(task), () => file.map(args[0], { boundary: task })]) {
       try { say(await run()); } catch (error) {
         say([error instanceof MmapUnsupportedError, error.message, error.cause?.name]);
       }
     }
     say((await file.run(args[0])).length);
     await file.close();`,
    { main: MAIN, args: [MODULE], flags: ['--disallow-code-generation-from-strings'] },
  );
  const why = [
    true,
    expect.stringMatching(/--disallow-code-generation-from-strings.*module/),
    'EvalError',
  ];
  expect(said.at(-1)).toBe(9);
  for (const found of said.slice(0, -1)) expect(found).toEqual(why);
});
