// A thread that makes far more files than there is room for, and drops each at once.
const { MmapFile } = require('../package.cjs');

Reflect.deleteProperty(globalThis, 'gc');
for (let index = 0; index < 500; ++index) MmapFile.memory('m', 'abc');
