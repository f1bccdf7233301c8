// For programs with a growing stream.
const { AsyncMmapFileMut } = require('./package.cjs');

const MIB = 2 ** 20;

/** A new file, and a stream into it that has taken 5 MiB. */
const fill = async (path) => {
  const file = await AsyncMmapFileMut.create(path);
  const writer = file.writable({ grow: true }).getWriter();
  writer.closed.catch(() => {});
  for (let done = 0; done < 5 * MIB; done += 1e5)
    await writer.write(Buffer.alloc(Math.min(1e5, 5 * MIB - done), 'x'));
  return { file, writer };
};

module.exports = { MIB, fill };
