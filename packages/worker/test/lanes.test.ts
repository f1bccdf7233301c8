import { expect, test } from 'vitest';
import { hearProgram, namesIn } from '../../core/test/helpers/program.js';
import { coldFile } from './generated/cold.js';

/** A program of `programs/lanes.cjs`. */
const program = (name: string): URL => new URL(`programs/lanes.cjs#${name}`, import.meta.url);

const CUT = 7 * 2 ** 20;
const ALL = 8 * 2 ** 20;

// In a child, whose event loop may be what waits for ever.
test.each(namesIn(program('HANDLES')))(
  'a file is used by all kinds of operations and changed at once, %s',
  async (handles) => {
    const args = [handles, coldFile(Buffer.alloc(ALL, 0xaa)), CUT, ALL];
    const said = await hearProgram(program('change'), { args });
    const [lanes, isClosed] = said as [unknown[], boolean];
    expect(lanes).toEqual(lanes.map(() => [true]));
    expect(isClosed).toBe(true);
  },
);
