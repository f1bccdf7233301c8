import { expect, test } from 'vitest';
import { binding } from '../../src/binding/binding.js';
import { hearProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

const SIZE = 12_288;
const cases = ['MmapFile.open', 'MmapFileMut.openExisting', 'MmapFileMut.openCow'].flatMap(
  (open) => [
    { open, detachOnClose: false },
    { open, detachOnClose: true },
  ],
);

// In a child process, because a bug here ends the process.
test.each(cases)(
  'transferring a view of $open, detachOnClose: $detachOnClose, in any way neither steals its memory nor makes close unsafe',
  async ({ open, detachOnClose }) => {
    const path = tempFile(Buffer.alloc(SIZE, 'm'));
    const other = tempFile(Buffer.alloc(SIZE, 'o'));
    const said = await hearProgram('views/stolen-memory#steal', {
      args: [path, other, open, detachOnClose],
    });
    const outcomes = said.filter((line) => typeof line !== 'string');
    expect(outcomes).toHaveLength(12);
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome, String(said[2 * index])).toEqual({
        works: true,
        isZero: true,
        sees: false,
        changes: false,
        harms: false,
      });
    }
  },
);

test('the numbers that calls of the binding return cannot be stolen', () => {
  const { buffer } = binding.result;
  expect(() => structuredClone(0, { transfer: [buffer as unknown as ArrayBuffer] })).toThrow();
  expect(binding.detach(buffer as unknown as ArrayBuffer)).not.toBe(true);
  expect(buffer.byteLength).toBeGreaterThan(0);
});

test('a clone of a collected view of memory that the file has outgrown sees no other file', async () => {
  const path = tempFile(Buffer.alloc(SIZE, 'm'));
  const other = tempFile(Buffer.alloc(SIZE, 'o'));
  const said = await hearProgram('views/stolen-memory#outgrown', { args: [path, other] });
  expect(said).toEqual([[false, false]]);
});
