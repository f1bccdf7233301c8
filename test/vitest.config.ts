import base from '../vitest.base.ts';

// All processors: these tests are the last to start, and vitest leaves one unused otherwise.
export default { test: { ...base.test, include: ['*.test.ts'], maxWorkers: '100%' } };
