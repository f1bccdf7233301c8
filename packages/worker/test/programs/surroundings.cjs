// Tasks in a process that makes no code of strings.
const { say } = require('../../../core/test/programs/program.cjs');
const { AsyncMmapFileMut, getDefaultPool } = require('./package.cjs');

exports.noCodeOfStrings = async (module) => {
  const file = AsyncMmapFileMut.memory('m', 'a\nb\n');
  const failed = ({ name, code, message }) => say({ name, code, message });
  await file.run((file) => file.length).catch(failed);
  await file.map((file) => file.length).catch(failed);
  say(typeof (await file.run(module, 10)));
  await getDefaultPool().destroy();
};
