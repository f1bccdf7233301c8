// What Windows raises instead of SIGBUS, simulated: an earlier exception handler turns the access violation of a protected
// page into an in-page error.
import { describe, expect, test } from 'vitest';
import { MmapFaultError, MmapFile, MmapFileMut } from '../../src/index.js';
import { thrown } from '../helpers/errors.js';
import { wherePagesCanBeLost } from '../helpers/platform.js';
import { windowsCounts } from '../helpers/process.js';
import { pattern, tempFile } from '../helpers/temp.js';

const PAGE = 4096;
const CONTENT = pattern(5 * PAGE);
const REASONS = [
  ['a broken disk (STATUS_IO_DEVICE_ERROR)', 0xc0000185, 'io'],
  ['a full disk (STATUS_DISK_FULL)', 0xc000007f, 'no-space'],
] as const;

const OPENERS: Readonly<Record<string, (path: string) => MmapFile>> = {
  'MmapFile.open': MmapFile.open,
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
  'MmapFileMut.openCow': MmapFileMut.openCow,
};

/** Opens a file, the second page of which cannot be read. */
function opened(opener: string, status: number): MmapFile {
  const file = (OPENERS[opener] as (path: string) => MmapFile)(tempFile(CONTENT));
  expect(windowsCounts?.losePages(file.bytes(PAGE, PAGE), status)).toBe(0);
  return file;
}

wherePagesCanBeLost.describe.each(REASONS)('%s', (_, status, reason) => {
  describe.each(Object.keys(OPENERS))('%s', (opener) => {
    test('is a fault of a typed read, and the other pages stay in views', () => {
      const file = opened(opener, status);
      const view = file.asBuffer();
      const error = thrown(() => file.readUInt8(PAGE + 5));
      expect(error).toBeInstanceOf(MmapFaultError);
      expect(error).toMatchObject({ offset: PAGE + 5, reason });
      expect(view.subarray(0, PAGE).equals(CONTENT.subarray(0, PAGE))).toBe(true);
      expect(view.subarray(PAGE, 2 * PAGE).every((byte) => byte === 0)).toBe(true);
      expect(view.subarray(2 * PAGE).equals(CONTENT.subarray(2 * PAGE))).toBe(true);
      file.close();
    });

    test('is a fault of whatever copies the page', () => {
      for (const read of [
        (file: MmapFile) => file.copyBytes(),
        (file: MmapFile) => file.read(Buffer.alloc(10), PAGE),
        (file: MmapFile) => file.indexOf('nowhere'),
        (file: MmapFile) => file.reader(PAGE, 100).readUInt32LE(),
      ]) {
        const file = opened(opener, status);
        expect(() => read(file)).toThrow(MmapFaultError);
        file.close();
      }
    });
  });

  test('leaves what was stored to the other pages of a private copy', () => {
    const path = tempFile(CONTENT);
    const file = MmapFileMut.openCow(path);
    for (const page of [0, 2, 4]) file.writeUInt8(77, page * PAGE + 1);
    const view = file.asBuffer();
    expect(windowsCounts?.losePages(file.bytes(PAGE, PAGE), status)).toBe(0);
    expect(() => file.readUInt8(PAGE)).toThrow(MmapFaultError);
    for (const page of [0, 2, 4]) expect(view[page * PAGE + 1]).toBe(77);
    expect(view[3 * PAGE + 1]).toBe(CONTENT[3 * PAGE + 1]);
    expect(MmapFile.open(path).copyBytes().equals(CONTENT)).toBe(true);
    file.close();
  });

  test('is over after reopen', () => {
    const file = opened('MmapFileMut.openExisting', status);
    expect(() => file.readUInt8(PAGE)).toThrow(MmapFaultError);
    file.reopen();
    expect(file.copyBytes().equals(CONTENT)).toBe(true);
    file.close();
  });
});
