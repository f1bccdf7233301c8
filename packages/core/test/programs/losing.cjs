// Loses what a file holds, unnoticed by those who have it mapped.
const fs = require('node:fs');
const { counts } = require('./counts.cjs');

const STATUS_IO_DEVICE_ERROR = 0xc0000185;

/** The reason of the fault that follows. Windows cuts no file that is mapped, so its pages become unreadable there. */
const LOST = counts ? 'io' : 'truncated';

/**
 * Loses what a mapped file holds from `size` on; on Windows, all pages of the view that start there or later. Those that are
 * mapped anew there, which replacing another page may do, are whole again.
 *
 * @param {string} path
 * @param {Uint8Array} view - All of the mapping.
 * @param {number} [start] - Where in the file that is.
 * @returns {number} The size of the file after it.
 */
function lose(path, view, size = 0, start = 0) {
  if (!counts) {
    fs.truncateSync(path, size);
    return size;
  }
  const error = counts.losePages(view.subarray(Math.max(size - start, 0)), STATUS_IO_DEVICE_ERROR);
  if (error !== 0) throw new Error(`pages of ${path} could not be protected: ${error}`);
  return fs.statSync(path).size;
}

module.exports = { LOST, lose };
