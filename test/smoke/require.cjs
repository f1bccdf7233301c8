require('./smoke.cjs').smoke(require('@fmmap/core'));
