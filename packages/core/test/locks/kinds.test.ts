// The caller chooses the lock that a file is opened with; what changes its size is done under the exclusive one.
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MmapFile, MmapFileMut, MmapLockError } from '../../src/index.js';
import { expectBytes } from '../helpers/bytes.js';
import { thrown } from '../helpers/errors.js';
import { isWindows, whereBlocksAreReserved, whereCallsAreTraced } from '../helpers/platform.js';
import { countDescriptors } from '../helpers/process.js';
import { hearProgram } from '../helpers/program.js';
import { strace } from '../helpers/strace.js';
import { pattern, snapshot, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);
const KINDS = ['none', 'shared', 'exclusive'] as const;

type Open = (path: string, options: object) => MmapFile;

const openers: Readonly<Record<string, Open>> = {
  'MmapFile.open': MmapFile.open,
  'MmapFile.openExec': MmapFile.openExec,
  'MmapFileMut.openCow': MmapFileMut.openCow,
  'MmapFileMut.open': MmapFileMut.open,
  'MmapFileMut.openExisting': MmapFileMut.openExisting,
};
const pairs = Object.keys(openers).flatMap((first) =>
  Object.keys(openers).map((second) => [first, second] as const),
);

const isConflict = (one: string, other: string) =>
  one !== 'none' && other !== 'none' && (one === 'exclusive' || other === 'exclusive');

describe('the requested lock', () => {
  test.each(pairs)('of %s keeps out conflicting locks of %s', (first, second) => {
    const path = tempFile(CONTENT);
    const before = snapshot(path);
    for (const held of KINDS) {
      for (const asked of KINDS) {
        using holder = openers[first]?.(path, { lock: held }) as MmapFile;
        const descriptors = countDescriptors();
        expect(holder.lockState).toBe(held);
        const open = () => openers[second]?.(path, { lock: asked }) as MmapFile;
        if (isConflict(held, asked)) {
          const error = thrown(open);
          expect(error).toBeInstanceOf(MmapLockError);
          expect(error).toMatchObject({ code: 'EWOULDBLOCK', syscall: 'flock', path });
          expect(countDescriptors()).toBe(descriptors);
        } else {
          using other = open();
          expect([other.lockState, holder.lockState]).toEqual([asked, held]);
          expectBytes(other.copyBytes(), CONTENT);
        }
      }
    }
    expect(snapshot(path)).toEqual(before);
  });

  test.each(KINDS)(
    '%s is what every handle on the mapping sees, and what unlock releases',
    (lock) => {
      const path = tempFile(CONTENT);
      using file = MmapFileMut.open(path, { lock });
      using attached = MmapFileMut.attach(file.share());
      expect([file.lockState, attached.lockState, attached.toJSON().lock]).toEqual([
        lock,
        lock,
        lock,
      ]);
      attached.unlock();
      expect([file.lockState, attached.lockState]).toEqual(['none', 'none']);
      file.lock();
      expect([file.lockState, attached.lockState]).toEqual(['exclusive', 'exclusive']);
      file.unlock();
      attached.lockShared();
      expect(file.lockState).toBe('shared');
    },
  );

  test.each(KINDS)('%s is also the lock of a new file', (lock) => {
    for (const options of [{}, { maxSize: 5000 }, { minSize: 5000, allocate: !isWindows }]) {
      const path = tempFile();
      using file = MmapFileMut.create(path, { ...options, lock });
      expect(file.lockState).toBe(lock);
      for (const other of KINDS) {
        const open = () => MmapFileMut.openExisting(path, { lock: other }).close();
        if (isConflict(lock, other)) expect(thrown(open)).toBeInstanceOf(MmapLockError);
        else open();
      }
    }
  });
});

test("writers that share a file see each other's stores", () => {
  const path = tempFile(CONTENT);
  using one = MmapFileMut.open(path, { lock: 'shared' });
  using two = MmapFileMut.open(path, { lock: 'shared' });
  using reader = MmapFile.open(path);
  one.writeUInt32LE(1, 0);
  two.writeUInt32LE(2, 4);
  expect([reader.readUInt32LE(0), one.readUInt32LE(4)]).toEqual([1, 2]);
  expect(thrown(() => MmapFileMut.open(path))).toBeInstanceOf(MmapLockError);
});

/** Options that change the size of a file that has bytes, or reserve blocks for it. */
const sizing = [
  { truncate: true },
  { truncate: true, maxSize: 50 },
  { minSize: 20_000 },
  { minSize: 20_000, allocate: true },
  { allocate: true },
];
const sizingBy = KINDS.flatMap((lock) => sizing.map((options) => ({ ...options, lock })));

describe('an option that changes the size', () => {
  test.each(sizingBy)(
    '%o does not wait without a timeout, and changes nothing while others have a lock',
    (options) => {
      const path = tempFile(CONTENT);
      const before = snapshot(path);
      for (const held of ['shared', 'exclusive'] as const) {
        using _holder = MmapFile.open(path, { lock: held });
        for (const open of [MmapFileMut.open, MmapFileMut.openExisting]) {
          const descriptors = countDescriptors();
          expect(thrown(() => open(path, options))).toMatchObject({
            name: 'MmapLockError',
            code: 'EWOULDBLOCK',
            path,
          });
          expect(thrown(() => open(path, { ...options, lockTimeout: 5 }))).toMatchObject({
            name: 'MmapLockError',
            code: 'ETIMEDOUT',
          });
          expect(countDescriptors()).toBe(descriptors);
        }
      }
      expect(snapshot(path)).toEqual(before);
    },
  );

  const cases = sizingBy.map((options) => ({
    options,
    where: 'allocate' in options ? whereBlocksAreReserved.test : test,
  }));
  for (const { options, where } of cases)
    where(`${JSON.stringify(options)} leaves the requested lock in place`, () => {
      const path = tempFile(CONTENT);
      // Windows cuts no file that is mapped elsewhere.
      using _bystander = isWindows ? undefined : MmapFile.open(path, { lock: 'none' });
      using file = MmapFileMut.open(path, options);
      expect(file.lockState).toBe(options.lock);
      const other = () => MmapFile.open(path).close();
      if (options.lock === 'exclusive') expect(thrown(other)).toBeInstanceOf(MmapLockError);
      else other();
      const size =
        'truncate' in options
          ? 'maxSize' in options
            ? 50
            : 0
          : 'minSize' in options
            ? 20_000
            : 10_000;
      expect([file.length, fs.statSync(path).size]).toEqual([size, size]);
    });

  test('does nothing if the file already has its size, so any number of handles may share it', () => {
    const path = tempFile();
    const options = { lock: 'shared', maxSize: 5000, minSize: 100 } as const;
    using one = MmapFileMut.open(path, options);
    using two = MmapFileMut.open(path, options);
    expect([one.length, two.length, two.lockState]).toEqual([5000, 5000, 'shared']);
  });

  whereCallsAreTraced.test.each(['ENOLCK', 'ENOSYS', 'EOPNOTSUPP'])(
    "needs no lock with lock: 'none' if flock(2) fails with %s, and fails with other locks",
    async (error) => {
      const path = tempFile(CONTENT);
      const said = await hearProgram('locks/kinds#withoutFlock', {
        args: [path],
        through: strace('flock', [`flock:error=${error}`]).through,
      });
      const code = error === 'EOPNOTSUPP' ? 'ENOTSUP' : error;
      expect(said).toEqual([code, [20_000, 20_000, 'none'], code, [50, 50, 'none']]);
    },
  );

  test('never cuts what another process that shares the file has grown', async () => {
    const path = tempFile();
    const said = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        hearProgram('locks/kinds#grow', { args: [path, index] }),
      ),
    );
    expect(said).toEqual([[], [], [], []]);
  });
});
