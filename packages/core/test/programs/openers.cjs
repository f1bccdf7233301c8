// The methods that open files, by their names in tests.
const fmmap = require('./package.cjs');

/**
 * `openerOf('MmapFile.open')` is that method.
 *
 * @param {string} name
 * @returns {(...args: any[]) => any}
 */
const openerOf = (name) => {
  const [type = '', method = ''] = name.split('.');
  return (...args) => fmmap[type][method](...args);
};

module.exports = { openerOf };
