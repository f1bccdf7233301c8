import { expect, test } from 'vitest';
import { hearProgram } from '../helpers/program.js';
import { tempFile } from '../helpers/temp.js';

const LONG = 200_000;

test.each(['a file', 'a reader'])(
  'readExact of %s fills its whole target or throws while another thread truncates',
  async (read) => {
    const said = await hearProgram('threads/read-exact#readExact', {
      args: [tempFile(Buffer.alloc(LONG, 1)), read],
      timeout: 60_000,
    });
    expect(said).toEqual([[]]);
  },
);
