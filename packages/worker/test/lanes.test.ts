import { expect, test } from 'vitest';
import { hear } from '../../core/test/helpers/child.js';
import { coldFile } from './generated/cold.js';
import { main } from './helpers/refusing.js';

const CUT = 7 * 2 ** 20;
const ALL = 8 * 2 ** 20;

// In a child, whose event loop may be what waits for ever.
test.each([
  ['by its only handle', '(file) => [file]'],
  ['and by one that is attached', '(file) => [file, AsyncMmapFileMut.attach(file.share())]'],
])('a file is used by all kinds of operations and changed at once, %s', async (_, toHandles) => {
  const said = await hear(
    `
    const { AsyncMmapFileMut } = fmmap;
    const file = await AsyncMmapFileMut.open(args[0]);
    const handles = (${toHandles})(file);
    const expected = Buffer.alloc(2 ** 14, 0xaa);
    let isDone = false;
    let reads = 0;
    const kinds = [
      async (handle) => [${CUT}, ${ALL}].includes((await handle.stat()).size),
      (handle) => handle.run((file, cut) => file.readUInt8(0) === 0xaa && file.readUInt8(cut - 1) === 0xaa, ${CUT}),
      async (handle) => {
        const target = Buffer.alloc(expected.length);
        await handle.readExact(target, (reads++ * target.length) % ${CUT}); // mostly not in memory yet
        return target.equals(expected);
      },
    ];
    const lane = async (handle, act) => {
      const seen = new Set();
      do {
        seen.add(await act(handle));
        seen.add(handle.readUInt8(${CUT - 1}) === 0xaa);
      } while (!isDone);
      return [...seen];
    };
    const lanes = handles.flatMap((handle) => kinds.map((act) => lane(handle, act)));
    for (let round = 0; round < 20; ++round) {
      const handle = handles[round % handles.length];
      await handle.truncate(${CUT});
      await handle.truncate(${ALL});
    }
    isDone = true;
    say(await Promise.all(lanes));
    for (const handle of handles) await handle.close();
    say(handles.every((handle) => handle.isClosed));
  `,
    { main, args: [coldFile(Buffer.alloc(ALL, 0xaa))] },
  );
  const [lanes, isClosed] = said as [unknown[], boolean];
  expect(lanes).toEqual(lanes.map(() => [true]));
  expect(isClosed).toBe(true);
});
