import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { PAGE, type Step, World } from '../helpers/model.js';
import { changes } from '../helpers/model-changes.js';
import { reads } from '../helpers/model-reads.js';
import { tempDir } from '../helpers/temp.js';
import { variants } from '../helpers/variants.js';

/** Bytes that now and then contain line ends and matches of short searches. */
function content(length: number, seed: number): Buffer {
  const letters = [0x61, 0x62, 0x0a, 0x0d, 0x00, 0xff, 0xc3, 0xa9, 0x20, 0x61];
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return letters[(state >>> 16) % letters.length] as number;
    }),
  );
}

const lengths = fc.oneof(fc.nat(3 * PAGE), fc.constantFrom(0, 1, PAGE, 2 * PAGE));

function expectModel(
  directory: string,
  open: (typeof variants)[string],
  steps: fc.Arbitrary<Step[]>,
) {
  fc.assert(
    fc.property(lengths, fc.nat(), steps, (length, seed, taken) => {
      const bytes = content(length, seed);
      const world = new World(open(directory, bytes), bytes, directory);
      try {
        world.check();
        for (const step of taken) {
          step.run(world);
          world.check();
        }
        world.finish();
      } finally {
        world.file.close();
      }
    }),
    { numRuns: 50 },
  );
}

describe.each(Object.entries(variants))('%s', (_, open) => {
  test('behaves like a plain Buffer under any sequence of operations', () => {
    const steps = fc.array(fc.oneof(...changes, ...reads), { maxLength: 40, size: 'max' });
    expectModel(tempDir(), open, steps);
  });

  test('behaves like a plain Buffer under any sequence of changes', () => {
    const steps = fc.array(fc.oneof(...changes), { maxLength: 40, size: 'max' });
    expectModel(tempDir(), open, steps);
  });

  test('is unchanged by any sequence of reads', () => {
    const steps = fc.array(fc.oneof(...reads), { maxLength: 40, size: 'max' });
    expectModel(tempDir(), open, steps);
  });
});

test('a read-only mapping of text or bytes in memory shows exactly those', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' })), (data) => {
      using file = MmapFile.memory('model', data);
      expect(file.copyBytes()).toEqual(Buffer.from(data as string));
      expect(file.asBuffer()).toEqual(Buffer.from(data as string));
    }),
  );
});

test('a view of one file is written to another, and read into, without a copy on the heap', () => {
  using from = MmapFileMut.anonymous(32 << 20);
  using to = MmapFileMut.anonymous(32 << 20);
  from.writeAll('end', from.length - 3);
  to.asBuffer();
  globalThis.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  to.writeAll(from.asBuffer());
  expect(to.copyBytes(to.length - 3).toString()).toBe('end');
  to.writeAll('END', to.length - 3);
  to.read(from.asBuffer());
  expect(from.copyBytes(from.length - 3).toString()).toBe('END');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
});
