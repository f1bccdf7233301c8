import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { GARBAGE } from '../helpers/garbage.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(3 * 4096 + 100);

/** In a child: what is mapped of a file. */
const TOOLS = `
  const mapped = (path) => fs.readFileSync('/proc/self/maps', 'utf8').includes(path);
  const links = () => fs.readdirSync('/proc/self/fd').map((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return 'gone'; }
  });
  const descriptors = (path) => links().filter((link) => link.startsWith(path)).length;
  const warnings = [];
  process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }));
  ${GARBAGE}
`;

test.each(['MmapFile.open', 'MmapFileMut.open', 'MmapFileMut.openCow'])(
  'a file of %s that is dropped without close is unmapped and unlocked, and one warning tells',
  async (open) => {
    const paths = [tempFile(CONTENT), tempFile(CONTENT)];
    const said = await hear(
      `${TOOLS}
       for (const path of args) {
         await apart(() => { ${open}(path).asBuffer(); });
         await until(() => !mapped(path));
       }
       await turn();
       say(args.map(descriptors));
       say(warnings);
       MmapFileMut.open(args[0]).close();`,
      { args: paths },
    );
    expect(said).toEqual([
      [0, 0],
      [
        {
          name: 'MmapLeakWarning',
          code: 'FMMAP_LEAK',
          message: expect.stringMatching(`'${paths[0]}'.*close`),
        },
      ],
    ]);
  },
);

test('closing in time, memory and attached handles give no warning', async () => {
  const said = await hear(
    `${TOOLS}
     await apart(() => {
       MmapFile.open(args[0]).close();
       MmapFileMut.memory('memory', 'abc').asBuffer();
       MmapFileMut.anonymous(5000);
       globalThis.file = MmapFile.open(args[0]);
       MmapFile.attach(file.share()).asBuffer();
     });
     await collect();
     file.close();
     await until(() => descriptors('/memfd:') === 0);
     await collect();
     say(warnings);`,
    { args: [tempFile(CONTENT)] },
  );
  expect(said).toEqual([[]]);
});

test('a dropped file whose view is alive stays mapped, and the view shows the file', async () => {
  const path = tempFile(CONTENT);
  const said = await hear(
    `${TOOLS}
     let view = await apart(() => MmapFileMut.open(args[0]).bytes(4090, 100));
     await collect();
     say(mapped(args[0]));
     fs.writeFileSync(args[0], Buffer.alloc(10000, 7), { flag: 'r+' });
     say([view[0], view[99]]);
     view[50] = 9;
     say(fs.readFileSync(args[0])[4140]);
     let slice = view.subarray(5, 10);
     view = undefined;
     await collect();
     say([mapped(args[0]), slice[0], warnings.length]);
     slice = undefined;
     await until(() => !mapped(args[0]));
     await turn();
     say(warnings.length);`,
    { args: [path] },
  );
  expect(said).toEqual([true, [7, 7], 9, [true, 7, 0], 1]);
});

test('a dropped file whose reader, writer or iterator is alive stays open', async () => {
  const path = tempFile('line 1\nline 2\nline 3');
  const said = await hear(
    `${TOOLS}
     let reader = await apart(() => MmapFile.open(args[0]).reader(7));
     let lines = await apart(() => MmapFile.open(args[0]).reader()[Symbol.iterator]());
     let chunks = await apart(() => MmapFile.open(args[0]).reader().chunks(4));
     await collect();
     say([reader.readLine(), lines.next().value, chunks.next().value.toString()]);
     reader = lines = chunks = undefined;
     await until(() => !mapped(args[0]));
     let writer = await apart(() => MmapFileMut.open(args[0]).writer());
     await collect();
     writer.writeAll('LINE');
     writer = undefined;
     await until(() => !mapped(args[0]));
     say(fs.readFileSync(args[0], 'utf8'));`,
    { args: [path] },
  );
  expect(said).toEqual([['line 2', 'line 1', 'line'], 'LINE 1\nline 2\nline 3']);
});

test('a dropped frozen file is unmapped as well, and removeOnDispose removes nothing then', async () => {
  const path = tempFile(CONTENT);
  const said = await hear(
    `${TOOLS}
     await apart(() => {
       const file = MmapFileMut.open(args[0]);
       file.removeOnDispose = true;
       file.freeze();
     });
     await until(() => !mapped(args[0]));
     await apart(() => { MmapFileMut.open(args[0]).removeOnDispose = true; });
     await until(() => !mapped(args[0]));
     MmapFileMut.open(args[0]).close();
     await turn();
     say(warnings.length);`,
    { args: [path] },
  );
  expect(said).toEqual([1]);
  expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
});

test('a process ends in peace with files open, dropped and in use', async () => {
  const path = tempFile(CONTENT);
  const said = await hear(
    `globalThis.kept = MmapFile.open(args[0]);
     globalThis.view = kept.asBuffer();
     MmapFile.open(args[0]).asBuffer();
     require('node:zlib').gzip(view, () => say('done'));
     require('node:crypto').randomFill(MmapFileMut.anonymous(1e6).asBuffer(), () => say('done'));
     process.on('exit', () => say(view[5]));`,
    { args: [path] },
  );
  expect(said).toEqual(['done', 'done', CONTENT[5]]);
});
