// What only macOS can show. The workflow of CI runs these there.
import * as fs from 'node:fs';
import { expect } from 'vitest';
import { MmapFaultError, MmapFileMut, syncParentDirectory } from '../../src/index.js';
import { isMacOS, onlyOn } from '../helpers/platform.js';
import { pattern, tempFile } from '../helpers/temp.js';

const on = onlyOn(isMacOS);

on.test(
  'flush reaches the disk (F_FULLFSYNC), of a file and of its directory',
  'other systems have fsync(2) for that',
  () => {
    const path = tempFile(pattern(10_000));
    using file = MmapFileMut.openExisting(path);
    file.writeUInt32LE(0xdeadbeef, 8192);
    file.flush();
    syncParentDirectory(path);
    expect(fs.readFileSync(path).readUInt32LE(8192)).toBe(0xdeadbeef);
  },
);

on.test(
  'a truncated file under a mapping is a fault and not the end of the process',
  'other systems send SIGBUS in another way',
  () => {
    const path = tempFile(pattern(10 * 16_384));
    using file = MmapFileMut.openExisting(path);
    fs.truncateSync(path, 100);
    expect(() => file.readUInt8(9 * 16_384)).toThrow(MmapFaultError);
  },
);
