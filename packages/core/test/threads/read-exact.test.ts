import { expect, test } from 'vitest';
import { hear } from '../helpers/child.js';
import { tempFile } from '../helpers/temp.js';
import { THREADS } from '../helpers/threads.js';

const LONG = 200_000;
const UNTOUCHED = 0xee;

test.each([
  ['a file', 'file.readExact(target)'],
  ['a reader', 'file.reader(0, target.length).readExact(target)'],
])(
  'readExact of %s fills all of its target or throws, while another thread truncates',
  async (_, read) => {
    const said = await hear(
      `${THREADS}
    const attach = (token, state) => {
      my.file = MmapFileMut.attach(token);
      my.state = state;
    };
    const resize = (length) => {
      for (let round = 0; round < 3000; ++round) my.file.truncate(round % 2 === 0 ? 4096 : length);
      Atomics.store(my.state, 0, 1);
    };
    const file = MmapFileMut.openExisting(args[0]);
    const state = new Int32Array(new SharedArrayBuffer(4));
    const thread = startThread();
    await thread.run(attach, file.share(), state);
    const resized = thread.run(resize, ${LONG});
    const target = new Uint8Array(${LONG});
    const problems = new Set();
    while (Atomics.load(state, 0) === 0) {
      target.fill(${UNTOUCHED});
      try {
        ${read};
        const at = target.indexOf(${UNTOUCHED});
        if (at >= 0) problems.add('filled up to ' + at);
      } catch (error) {
        if (error.name !== 'MmapRangeError') problems.add(error.stack);
      }
    }
    await resized;
    say([...problems]);
    process.exit();
    `,
      { args: [tempFile(Buffer.alloc(LONG, 1))], timeout: 60_000 },
    );
    expect(said).toEqual([[]]);
  },
);
