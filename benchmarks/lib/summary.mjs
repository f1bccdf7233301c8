// The first screen of the report: where fmmap is ahead, where `fs` is, and by how much.
import { best, isPeer } from './goals.mjs';
import { digits, median, ratio } from './stats.mjs';

/** Work that programs do: the part, the table (the first one, if there are several), and who does it in fmmap and in fs. */
const WORK = [
  ['a number from any offset of 1 GiB', 'reads', '1 GiB, UInt32LE', 'fmmap', 'fs.readSync'],
  ['16 bytes from any offset, copied', 'raw', '16 bytes', 'fmmap', 'fs.readSync'],
  ['a file of 1 GiB added up', 'sum', '', 'fmmap, four words a turn', 'fs.readSync, 1 MiB'],
  ['a search of 1 GiB', 'search', '', 'fmmap, file.indexOf', 'fs.readSync, 1 MiB'],
  ['the lines of 256 MiB, indexed', 'lines', '', 'fmmap, sync', 'fs.createReadStream, 1 MiB'],
  ['1 GiB streamed, 64 KiB a chunk', 'stream', '', 'file.readable', 'fs.createReadStream'],
  [
    '4 KiB, async, one by one',
    'small',
    'one after the other, in memory',
    '@fmmap/node',
    'FileHandle.read',
  ],
  [
    '4 KiB, async, a thousand at once',
    'small',
    'at once, in memory',
    '@fmmap/node',
    'FileHandle.read',
  ],
  ['the same from a cold disk', 'small', 'at once, cold', '@fmmap/node', 'FileHandle.read'],
  ['512 MiB from a cold disk, async', 'cold', '', '@fmmap/node', 'FileHandle.read'],
  ['opening and closing 1 GiB', 'opens', '1 GiB, sparse', 'fmmap', 'fs'],
  ['opening and closing 4 KiB', 'opens', '4 KiB', 'fmmap', 'fs'],
  ['numbers written all over 64 MiB, and a flush', 'writes', '', 'fmmap', 'fs.writeSync and fsync'],
  ['a flush of 64 MiB', 'flush', '', 'fmmap', 'fs.writeSync and fsync'],
  [
    'a log, a thousand records a flush',
    'append',
    'a thousand records durable at once',
    'fmmap, buffered',
    'fs.appendFileSync and fsync',
  ],
  [
    'a log, one record a flush',
    'append',
    'each record durable',
    'fmmap, buffered',
    'fs.appendFileSync and fsync',
  ],
];

/** `2x as fast`, `3x as slow`, `level`. */
function compared(row, other) {
  if (!other || other.failure) return '';
  const times = ratio(row.values, other.values);
  if (times > 0.9 && times < 1.1) return 'level';
  return times < 1 ? `**${digits(1 / times)}x as fast**` : `${digits(times)}x as slow`;
}

/** Rows of work that was measured, as `[what, fmmap, against fs, against the best package]`. */
export function summarize(results) {
  return WORK.flatMap(([what, part, name, ours, fs]) => {
    const tables = results.find((result) => result.part === part)?.tables ?? [];
    const table = name ? tables.find((each) => each.name === name) : tables[0];
    const row = table?.rows[ours];
    if (!row || row.failure) return [];
    const peer = best(table.rows, Object.keys(table.rows).filter(isPeer));
    const time = `${digits(median(row.values))} ${table.unit}`;
    return [[what, time, compared(row, table.rows[fs]), compared(row, table.rows[peer])]];
  });
}
