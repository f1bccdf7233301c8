'use strict';

// Loads build/Release (compiled here) or prebuilds/<platform>-<arch> (published), in this order.
try {
  module.exports = require('node-gyp-build')(__dirname);
} catch (cause) {
  throw new Error(
    `@fmmap/native cannot load its binding on ${process.platform}-${process.arch}, ` +
      `Node ${process.versions.node}. Looked in build/Release and prebuilds/ of ${__dirname}: ` +
      `${cause.message.split('\n', 1)[0]}. To compile it, install Python 3 and a C++17 compiler ` +
      'and run `npm rebuild @fmmap/native`.',
    { cause },
  );
}
