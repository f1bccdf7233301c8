import { describe, expect, test } from 'vitest';
import { startChild } from '../../test/helpers/child.js';
import { pattern, tempDir, tempFile } from '../../test/helpers/temp.js';
import { hearPackage } from './children.js';
import { PACKAGE } from './package-under-test.js';

// What a block with `await using` returns without awaiting it: nobody handles it before the file is disposed of. A process ends
// for a rejection that is not handled, so each of these is one of its own.

const CONTENT = pattern(100_000);

const TOOLS = `
  /** As a block with \`await using\` for each file, which older versions of Node have no syntax for. */
  const using = async (paths, act) => {
    const files = [];
    for (const path of paths) files.push(await AsyncMmapFileMut.open(path));
    try {
      return act(files.at(-1), files[0]);
    } finally {
      for (const file of files.reverse()) await file[Symbol.asyncDispose]();
    }
  };
  const NOWHERE = '/no/such/file';
  const codeOf = (promise) => promise.then(() => 'nothing', (error) => error.code);
`;

test('every async method fails for who gets its promise', async () => {
  const said = (await hearPackage(
    `${TOOLS}
     const AsyncFunction = (async () => {}).constructor;
     const picks = { file: (file) => file, reader: (file) => file.reader(), writer: (file) => file.writer() };
     for (const [of, pick] of Object.entries(picks)) {
       const names = new Set();
       for (let from = pick(AsyncMmapFileMut.memory('x', 'y')); from; from = Object.getPrototypeOf(from)) {
         for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
           if (value instanceof AsyncFunction) names.add(name);
       }
       for (const name of names) {
         const path = args[0] + '/' + of + name;
         fs.writeFileSync(path, Buffer.alloc(100000, 1));
         say([of, name, await codeOf(using([path], (file) => {
           const object = pick(file);
           fs.truncateSync(path, 0);
           try { file.readUInt8(90000); } catch {} // which is a fault
           return object[name](Symbol('bad'), Symbol('bad'));
         }))]);
       }
     }`,
    { args: [tempDir()] },
  )) as [string, string, string][];
  expect(said.length).toBeGreaterThan(20);
  const fine = ['close', 'unlock', 'remove', 'reopen', 'tryLock', 'tryLockShared'];
  const wrong = said.filter(([, name, code]) => !/^ERR_/.test(code) && !fine.includes(name));
  expect(wrong).toEqual([]);
});

describe('a call that fails later, in a block that returns', () => {
  test.each([
    ['its promise', 'file.writeToNewFile(NOWHERE)'],
    ['that of a file which others are disposed of before', 'first.writeToNewFile(NOWHERE)'],
    ['what follows from it', 'file.writeToNewFile(NOWHERE).then(() => 5)'],
    ['several of them', 'Promise.all([file.stat(), file.writeToNewFile(NOWHERE), file.flush()])'],
    ['the last of them', '(file.flush(), file.writeToNewFile(NOWHERE))'],
    ['a promise of an async function', '(async () => { await file.writeToNewFile(NOWHERE); })()'],
  ])('%s', async (_name, returned) => {
    for (const files of [1, 3]) {
      const paths = Array.from({ length: files }, () => tempFile(CONTENT));
      const said = await hearPackage(
        `${TOOLS}
         say(await codeOf(using(args, (file, first) => ${returned})));
         const file = await AsyncMmapFileMut.open(args[0]); // the lock was given back
         say(file.length);`,
        { args: paths },
      );
      expect(said).toEqual(['ENOENT', CONTENT.length]);
    }
  });

  test('is not waited for when nothing is disposed of', async () => {
    const said = await hearPackage(
      `const file = await AsyncMmapFileMut.open(args[0]);
       const order = [];
       const failed = file.writeToNewFile('/no/such/file').catch(() => order.push('failed'));
       await Promise.all([failed, file.close().then(() => order.push('closed'))]);
       say(order);`,
      { args: [tempFile(CONTENT)] },
    );
    expect(said).toEqual([['failed', 'closed']]);
  });
});

test.each([
  [
    'with the file being disposed of',
    'await using(args, (file) => { void file.writeToNewFile(NOWHERE); });',
  ],
  [
    'without',
    'const file = await AsyncMmapFileMut.open(args[0]); void file.writeToNewFile(NOWHERE);',
  ],
])('a rejection that really nobody handles is reported, %s', async (_name, source) => {
  const child = startChild(`const { AsyncMmapFileMut } = fmmap;${TOOLS}${source}`, {
    main: PACKAGE,
    args: [tempFile(CONTENT)],
  });
  const { code, stderr } = await child.done;
  expect(code).toBe(1);
  expect(stderr).toContain('ENOENT');
});
