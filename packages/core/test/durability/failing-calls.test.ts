// Every call of Windows that an operation makes may fail: what strace(1) does elsewhere, an addon does there.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { MmapError, MmapFileMut } from '../../src/index.js';
import { isWindows, whereCallsCanFail } from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { pattern, tempFile } from '../helpers/temp.js';

const failing: {
  names: readonly string[];
  failAt(name: string, nth: number, error: number): void;
  hasFailed(): boolean;
} = isWindows
  ? createRequire(import.meta.url)('../helpers/failing-windows.node')
  : { names: [], failAt() {}, hasFailed: () => false };

const BEFORE = pattern(3 * 4096 + 7);
const ERRORS = [
  ['ERROR_IO_DEVICE', 1117],
  ['ERROR_DISK_FULL', 112],
] as const;

const cut = (length: number) =>
  Buffer.concat([BEFORE.subarray(0, length), Buffer.alloc(Math.max(length - BEFORE.length, 0))]);

interface Operation {
  run(file: MmapFileMut, path: string): void;
  /** The content of the file afterwards; null if it is gone. */
  readonly after: Buffer | null;
  /** The content of its neighbour afterwards. */
  readonly other?: Buffer;
}

const other = (path: string) => join(dirname(path), 'other');
const changed = Buffer.concat([Buffer.of(0xee), BEFORE.subarray(1)]);

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'truncate to more': { run: (file) => file.truncate(30_000), after: cut(30_000) },
  'truncate to less': { run: (file) => file.truncate(5000), after: cut(5000) },
  'truncate to nothing': { run: (file) => file.truncate(0), after: cut(0) },
  flush: {
    run: (file) => {
      file.writeUInt8(0xee, 0);
      file.flush();
    },
    after: changed,
  },
  reopen: { run: (file) => file.reopen(), after: BEFORE },
  remove: { run: (file) => file.remove(), after: null },
  writeToNewFile: {
    run: (file, path) => file.writeToNewFile(other(path)),
    after: BEFORE,
    other: BEFORE,
  },
  'writeToNewFile that replaces another': {
    run: (file, path) => {
      if (!fs.existsSync(other(path))) fs.writeFileSync(other(path), 'old');
      file.writeToNewFile(other(path), { replace: true });
    },
    after: BEFORE,
    other: BEFORE,
  },
  'open that truncates and grows': {
    run: (file, path) => {
      file.close();
      MmapFileMut.openExisting(path, { truncate: true, maxSize: 9000 }).close();
    },
    after: Buffer.alloc(9000),
  },
};

const contentOf = (path: string) => (fs.existsSync(path) ? fs.readFileSync(path) : null);

function attempt(act: () => void): MmapError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(MmapError);
    return error as MmapError;
  }
}

/** @returns Whether the operation makes so many calls. */
function fails(
  { run, after, other: neighbour }: Operation,
  name: string,
  nth: number,
  error: number,
) {
  const path = tempFile(BEFORE);
  const about = `${name} ${nth}`;
  const file = MmapFileMut.openExisting(path);
  failing.failAt(name, nth, error);
  const refused = attempt(() => run(file, path));
  const hasFailed = failing.hasFailed();
  failing.failAt('', 0, 0);
  const found = contentOf(path);
  const allowed = refused ? [BEFORE, after, changed, cut(0)] : [after];
  expect(allowed, about).toContainEqual(found);
  if (!refused && neighbour) expect(contentOf(other(path)), about).toEqual(neighbour);
  if (refused && neighbour) {
    const left = contentOf(other(path));
    expect([null, Buffer.from('old'), neighbour], about).toContainEqual(left);
  }
  if (refused && !file.isClosed && !file.isPoisoned) {
    expect(file.copyBytes(), about).toEqual(found);
    if (neighbour) fs.rmSync(other(path), { force: true });
    run(file, path);
    expect(contentOf(path), about).toEqual(after);
  }
  file.close();
  expect(countDescriptors(dirname(path)), about).toBe(0);
  return hasFailed;
}

whereCallsCanFail.describe.each(ERRORS)('%s', (_, error) => {
  test.each(Object.keys(OPERATIONS))('%s', (title) => {
    const operation = OPERATIONS[title] as Operation;
    let count = 0;
    for (const name of failing.names) {
      for (let nth = 1; fails(operation, name, nth, error); ++nth) ++count;
    }
    expect(count).toBeGreaterThan(0);
    console.log(`${title}: ${count} calls failed`);
  });
});
