import base from '../vitest.base.ts';

// In a run of everything this suite is the last one, and has both processors of a small machine for itself.
export default { test: { ...base.test, include: ['*.test.ts'], maxWorkers: 2 } };
