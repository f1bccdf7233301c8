import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { hearProgram } from '../helpers/program.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(3 * 4096 + 100);
test.each(['MmapFile.open', 'MmapFileMut.open', 'MmapFileMut.openCow'])(
  'a file of %s that is dropped without close is unmapped and unlocked, with a single warning',
  async (open) => {
    const paths = [tempFile(CONTENT), tempFile(CONTENT)];
    const said = await hearProgram('closing/dropped#drop', { args: [open, ...paths] });
    const message = expect.stringContaining(`'${paths[0]}' was dropped without close()`);
    expect(said).toEqual([[0, 0], [{ name: 'MmapLeakWarning', code: 'FMMAP_LEAK', message }]]);
  },
);

test('files closed in time, memory and attached handles give no warning', async () => {
  const said = await hearProgram('closing/dropped#noWarning', { args: [tempFile(CONTENT)] });
  expect(said).toEqual([[]]);
});

test('a dropped file whose view is alive stays mapped, and the view shows the file', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('closing/dropped#view', { args: [path] });
  expect(said).toEqual([true, [7, 7], 9, [true, 7, 0], 1]);
});

test('a dropped file whose reader, writer or iterator is alive stays open', async () => {
  const path = tempFile('line 1\nline 2\nline 3');
  const said = await hearProgram('closing/dropped#cursors', { args: [path] });
  expect(said).toEqual([['line 2', 'line 1', 'line'], 'LINE 1\nline 2\nline 3']);
});

test('a dropped frozen file is unmapped, and removeOnDispose has no effect on a dropped file', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('closing/dropped#frozen', { args: [path] });
  expect(said).toEqual([1]);
  expect(fs.readFileSync(path).equals(CONTENT)).toBe(true);
});

test('a process exits normally with files open, dropped and in use', async () => {
  const path = tempFile(CONTENT);
  const said = await hearProgram('closing/dropped#endsInPeace', { args: [path] });
  expect(said).toEqual(['done', 'done', CONTENT[5]]);
});
