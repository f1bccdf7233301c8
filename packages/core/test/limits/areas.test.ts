import { expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { pattern, tempFile } from '../helpers/temp.js';

// The kernel counts areas of memory, at most 65,530 of a process as a rule, and V8 ends the process when it gets none.

const CONTENT = pattern(10_000);
const ODD = 31_000;

const SPLITS: Readonly<Record<string, string>> = {
  "advise 'random'": "file.advise('random', at, PAGE)",
  "advise 'sequential'": "file.advise('sequential', at, PAGE)",
  "advise 'nohugepage'": "file.advise('nohugepage', at, PAGE)",
  'advise in turns': "file.advise(['random', 'sequential', 'normal'][at / PAGE % 3], at, PAGE)",
  lockMemory: 'file.lockMemory(at, PAGE)',
  'unlockMemory of what was locked':
    'if (at === PAGE) file.lockMemory(); file.unlockMemory(at, PAGE)',
};

test.each(Object.entries(SPLITS))(
  'areas that are made by %s end in ENOMEM, not in the end',
  async (_, split) => {
    const said = await hear(
      `const PAGE = 4096;
     const file = MmapFileMut.anonymous(3 * ${ODD} * PAGE);
     let error = 'no error';
     for (let at = PAGE; at < file.length && error === 'no error'; at += 2 * PAGE) error = caught(() => { ${split}; });
     const files = [];
     const full = caught(() => { for (let index = 0; index < 500; ++index) files.push(MmapFile.open(args[0])); });
     say([error, full].map(({ code }) => code ?? 'no error'));
     say([file.readUInt8(5), files.every((other) => other.readUInt8(5) === ${CONTENT[5]})]);
     const heap = Array.from({ length: 1e6 }, (_, index) => ({ index })); // V8 gets memory still
     file.close();
     files.splice(0, 100).forEach((other) => other.close());
     MmapFile.open(args[0]).close();
     say(heap.length);`,
      { args: [tempFile(CONTENT)], timeout: 100_000 },
    );
    const [codes, ...rest] = said;
    expect(codes).toContain('ENOMEM');
    expect(rest).toEqual([[0, true], 1e6]);
  },
  120_000,
);

test('advice for one part over and over is no shortage, nor is advice that is noted nowhere', async () => {
  const said = await hear(
    `const file = MmapFileMut.anonymous(100 * 4096);
     for (let index = 0; index < 70_000; ++index) file.advise('random', 4096, 4096);
     for (let index = 0; index < 70_000; ++index) file.advise('willneed', 4096, 4096);
     say(caught(() => MmapFile.open(args[0]).close()));`,
    { args: [tempFile(CONTENT)] },
  );
  expect(said).toEqual(['no error']);
});
