// A log in which every record is on disk before the next one is written.
import * as fs from 'node:fs';
import { join } from 'node:path';

import { MmapFileMut } from '@fmmap/core';

import { runBaseline } from '../lib/machine.mjs';
import * as part from '../lib/part.mjs';
import { race } from '../lib/race.mjs';

const SIZE = 64;
const FIRST = 65_536;
const path = join(part.directory, 'log');
const record = Buffer.alloc(SIZE);

function checked() {
  const bytes = fs.readFileSync(path);
  fs.unlinkSync(path);
  let right = 0;
  for (let at = 0; at < bytes.length; at += SIZE)
    right += bytes[at] === ((at / SIZE) & 0x7f) ? 1 : 0;
  return `${right} records, ${bytes.length} bytes`;
}

/** Microseconds per record, including opening and closing; the log must hold exactly these records. */
const measured = (count, append) => () => {
  const started = performance.now();
  append((n) => record.fill(n & 0x7f));
  const value = ((performance.now() - started) * 1000) / count;
  return { value, check: checked() };
};

/** The file grows to twice its size when it is full, and is cut to its content at the end. */
const appendMapped = (count, every, options) => (next) => {
  const file = MmapFileMut.create(path, { maxSize: FIRST, ...options });
  let end = 0;
  let durable = 0;
  for (let n = 1; n <= count; n += 1) {
    if (end + SIZE > file.length) file.truncate(file.length * 2);
    file.write(next(n - 1), end);
    end += SIZE;
    if (n % every > 0) continue;
    file.flush(durable, end - durable);
    durable = end;
  }
  file.closeWithTruncate(end);
};

/** The same with a buffered writer, over blocks that were written ahead. */
const appendBuffered = (count, every) => (next) => {
  const file = MmapFileMut.create(path, { maxSize: FIRST, allocate: 'zeroed' });
  const writer = file.writer(0, undefined, { buffered: true });
  for (let n = 1; n <= count; n += 1) {
    if (writer.remaining < SIZE) {
      file.truncate(file.length * 2);
      writer.follow();
    }
    writer.write(next(n - 1));
    if (n % every === 0) writer.flush();
  }
  file.closeWithTruncate(writer.fileOffset);
};

const appendFs = (count, every, flags, sync) => (next) => {
  const file = fs.openSync(path, flags);
  for (let n = 1; n <= count; n += 1) {
    fs.appendFileSync(file, next(n - 1));
    if (n % every === 0) sync(file);
  }
  fs.closeSync(file);
};

const { O_APPEND, O_CREAT, O_DSYNC, O_EXCL, O_WRONLY } = fs.constants;
const SYNCHRONOUS = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_DSYNC;

function measure(name, count, every) {
  const mapped = (options) => measured(count, appendMapped(count, every, options));
  const byFs = (flags, sync) => measured(count, appendFs(count, every, flags, sync));
  const contenders = {
    'fmmap, buffered': measured(count, appendBuffered(count, every)),
    fmmap: mapped({}),
    'fmmap, blocks allocated': mapped({ allocate: true }),
    'fs.appendFileSync and fsync': byFs('ax', fs.fsyncSync),
    'fs.appendFileSync and fdatasync': byFs('ax', fs.fdatasyncSync),
  };
  if (every === 1) contenders['fs.appendFileSync, O_DSYNC'] = byFs(SYNCHRONOUS, () => {});
  if (every === 1 && part.baseline) {
    const baseline = (work) => () => {
      const { value } = runBaseline(part.baseline, work, path, count, SIZE);
      return { value, check: checked() };
    };
    contenders['C, write and fdatasync'] = baseline('append');
    contenders['C, map and msync'] = baseline('appendMap');
  }
  const rounds = part.pick(2, 5);
  return race({ name, unit: 'µs', reference: 'fs.appendFileSync and fsync', rounds, contenders });
}

const tables = [
  await measure('each record durable', part.pick(200, 2000), 1),
  await measure('a thousand records durable at once', part.pick(20_000, 200_000), 1000),
];
part.finish({
  title: 'A log that grows',
  about: `Microseconds a record of ${SIZE} bytes, with opening and closing. What is durable is the same for everybody: each record before the next one is written, or each thousand. fmmap begins with 64 KiB, doubles the file with \`truncate\` when it is full, flushes the bytes of the new records alone (\`flush(offset, length)\`), and cuts the file to its records in the end; *buffered* is a buffered writer over blocks that were written ahead (\`allocate: 'zeroed'\`), which the time includes; a reader after a crash stops at the first record of zeroes. C’s map has all its blocks from the beginning. No peer can grow a file.`,
  tables,
  goals: tables.map(({ name }, index) => ({
    table: name,
    contender: 'fmmap, buffered',
    least: index === 0 ? 1.1 : 4.5,
    than: 'fs.appendFileSync and fsync',
  })),
});
