// The package under test.
const { join } = require('node:path');

/** @typedef {typeof import('../../src/index.js')} Package */

module.exports = /** @type {Package} */ (require(join(__dirname, '../../dist/index.cjs')));
