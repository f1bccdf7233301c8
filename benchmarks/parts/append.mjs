// A log whose every record is on the disk before the next one is written.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFileMut } from '@fmmap/core';

import { runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const SIZE = 64;
const count = part.pick(200, 2000);
const FIRST = 65_536;
const path = join(part.directory, 'log');
const record = Buffer.alloc(SIZE);

/** Microseconds a record, with opening and closing; the log must hold all of them, and no more. */
const measured = (append) => () => {
  const started = performance.now();
  append((n) => record.fill(n & 0x7f));
  const value = ((performance.now() - started) * 1000) / count;
  return { value, check: checked() };
};

function checked() {
  const bytes = fs.readFileSync(path);
  fs.unlinkSync(path);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += SIZE) sum += bytes[at] === ((at / SIZE) & 0x7f) ? 1 : 0;
  return `${sum} records, ${bytes.length} bytes`;
}

/** The file grows to twice its size when it is full, and loses what is left over at the end. */
const appendMapped = (options) => (next) => {
  const file = MmapFileMut.create(path, { maxSize: FIRST, ...options });
  let end = 0;
  for (let n = 0; n < count; n += 1) {
    if (end + SIZE > file.length) file.truncate(file.length * 2);
    file.write(next(n), end);
    file.flush(end, SIZE);
    end += SIZE;
  }
  file.closeWithTruncate(end);
};

const appendFs = (flags, sync) => (next) => {
  const file = fs.openSync(path, flags);
  for (let n = 0; n < count; n += 1) {
    fs.appendFileSync(file, next(n));
    sync(file);
  }
  fs.closeSync(file);
};

const { O_APPEND, O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = fs.constants;
const contenders = {
  fmmap: measured(appendMapped({})),
  'fmmap, blocks allocated': measured(appendMapped({ allocate: true })),
  'fs.appendFileSync and fsync': measured(appendFs('ax', fs.fsyncSync)),
  'fs.appendFileSync and fdatasync': measured(appendFs('ax', fs.fdatasyncSync)),
  'fs.appendFileSync, O_DSYNC': measured(
    appendFs(O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_DSYNC, () => {}),
  ),
};
if (part.baseline) {
  const baseline = (work) => () => {
    const { value } = runBaseline(part.baseline, work, path, count, SIZE);
    return { value, check: checked() };
  };
  contenders['C, write and fdatasync'] = baseline('append');
  contenders['C, map and msync'] = baseline('appendMap');
}
const name = `records of ${SIZE} bytes`;
const reference = 'fs.appendFileSync and fsync';
const rounds = part.pick(2, 5);
part.finish({
  title: 'A log of durable records',
  about: `Microseconds a record, each of which is on the disk before the next one is written. ${count} records, ${rounds} rounds. fmmap begins with 64 KiB, doubles the file with \`truncate\` when it is full, flushes the bytes of the record alone (\`flush(end, size)\`), and cuts the file to its records in the end; a reader after a crash stops at the first record of zeroes. C’s map has all its blocks from the beginning. No peer can grow a file.`,
  tables: [await race({ name, unit: 'µs', reference, rounds, contenders })],
  goals: [{ table: name, contender: 'fmmap', least: 5, than: 'fs.appendFileSync and fsync' }],
});
