// One file in many hands at once, while its length changes.
const { say } = require('../../../core/test/programs/program.cjs');
const { AsyncMmapFileMut } = require('./package.cjs');

exports.HANDLES = {
  'by its only handle': (file) => [file],
  'and by one that is attached': (file) => [file, AsyncMmapFileMut.attach(file.share())],
};

exports.change = async (handlesOf, path, cut, all) => {
  const file = await AsyncMmapFileMut.open(path);
  const handles = /** @type {(typeof file)[]} */ (exports.HANDLES[handlesOf](file));
  const expected = Buffer.alloc(2 ** 14, 0xaa);
  let isDone = false;
  let reads = 0;
  const kinds = /** @type {((handle: typeof file) => Promise<boolean>)[]} */ ([
    async (handle) => [cut, all].includes((await handle.stat()).size),
    (handle) =>
      handle.run(
        (file, cut) => file.readUInt8(0) === 0xaa && file.readUInt8(cut - 1) === 0xaa,
        cut,
      ),
    async (handle) => {
      const target = Buffer.alloc(expected.length);
      await handle.readExact(target, (reads++ * target.length) % cut); // mostly not in memory yet
      return target.equals(expected);
    },
  ]);
  const lane = async (handle, act) => {
    const seen = new Set();
    do {
      seen.add(await act(handle));
      seen.add(handle.readUInt8(cut - 1) === 0xaa);
    } while (!isDone);
    return [...seen];
  };
  const lanes = handles.flatMap((handle) => kinds.map((act) => lane(handle, act)));
  for (let round = 0; round < 20; ++round) {
    const handle = handles[round % handles.length];
    await handle.truncate(cut);
    await handle.truncate(all);
  }
  isDone = true;
  say(await Promise.all(lanes));
  for (const handle of handles) await handle.close();
  say(handles.every((handle) => handle.isClosed));
};
