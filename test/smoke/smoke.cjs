// A program that uses what differs between platforms: system calls, the guard, byte order, V8's own views. The modules beside
// this file run it with each format of the package; it prints what it has found out.
const assert = require('node:assert');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

exports.smoke = ({ MmapFile, MmapFileMut, MmapFaultError, MmapClosedError }) => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'fmmap-smoke-'));
  const path = join(folder, 'file');
  try {
    const file = MmapFileMut.create(path, { maxSize: 10_000 });
    file.writeDoubleLE(1.5, 0);
    file.writeBigUInt64BE(0x0102030405060708n, 8);
    file.truncate(200_000);
    file.writeAll(Buffer.from('needle'), 150_000);
    file.flush();
    const view = file.asBuffer();
    assert.strictEqual(view.readDoubleLE(0), 1.5);
    file.close();
    assert.strictEqual(
      view.every((byte) => byte === 0),
      true,
    );
    assert.throws(() => file.readUInt8(0), MmapClosedError);

    const bytes = fs.readFileSync(path);
    assert.deepStrictEqual([...bytes.subarray(8, 16)], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.strictEqual(bytes.length, 200_000);

    const again = MmapFile.open(path);
    assert.strictEqual(again.indexOf('needle'), 150_000);
    assert.strictEqual(again.readDoubleLE(0), 1.5);
    // A file that is cut under its mapping: not on Windows, which refuses, nor where an emulator tells wrong addresses.
    if (process.platform !== 'win32' && !process.env.FMMAP_SMOKE_NO_FAULTS) {
      fs.truncateSync(path, 0);
      assert.throws(() => again.readUInt8(100_000), MmapFaultError);
    }
    again.close();

    const last = MmapFileMut.openExisting(path, { maxSize: 1 });
    last.remove();
    assert.strictEqual(fs.existsSync(path), false);
    console.log('works');
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
};
