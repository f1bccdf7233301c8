import * as fmmap from '@fmmap/core';

console.log(`@fmmap/core has ${Object.keys(fmmap).length} exports; no example yet.`);
