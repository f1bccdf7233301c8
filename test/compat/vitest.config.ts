import base from '../../vitest.base.ts';

export default { test: { ...base.test, include: ['*.test.ts'] } };
