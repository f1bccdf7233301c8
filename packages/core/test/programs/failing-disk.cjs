// For programs that work on a disk of makeFailingDisk(), whose control they are given.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { join } = require('node:path');

/** @param {{ flags: string, image: string, asRoot: string[] }} control */
const failingDisk = ({ flags, image, asRoot }) => ({
  /** Makes every read (`'pread'`) or write (`'pwrite'`) of the device fail with EIO, or stops that. */
  fail(/** @type {'pread' | 'pwrite'} */ call, /** @type {boolean} */ isOn) {
    const flag = join(flags, call);
    if (isOn) fs.writeFileSync(flag, '');
    else fs.rmSync(flag, { force: true });
  },
  /** Drops the cached pages of a file that is not mapped. */
  forget(path) {
    const options = ['oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'];
    for (const name of [path, image]) {
      const [program = '', ...args] = [...asRoot, 'dd', `of=${name}`, ...options];
      execFileSync(program, args);
    }
  },
});

module.exports = { failingDisk };
