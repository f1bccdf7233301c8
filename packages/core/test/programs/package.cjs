// The package under test: the build of core, or of the flavour that the test names.

/** @typedef {typeof import('../../src/index.js')} Core */
/** @typedef {typeof import('../../template/index.js')} Flavour - Only there where a flavour is tested. */

module.exports = /** @type {Core & Flavour} */ (
  require(process.env.FMMAP_TEST_PACKAGE ?? '../../dist/index.cjs')
);
