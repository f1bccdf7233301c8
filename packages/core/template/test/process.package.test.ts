// The template itself is no package that a process could load: only the copies of this are run.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectBytes } from '../../test/helpers/bytes.js';
import { whereCallsAreTraced, whereFilesAreCut } from '../../test/helpers/platform.js';
import { preloading } from '../../test/helpers/preload.js';
import { namesIn, startProgram } from '../../test/helpers/program.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { hearPackage } from './children.js';
import { coldFile } from './cold.js';
import { PACKAGE } from './package-under-test.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(1_000_000);

describe('a process', () => {
  test('ends by itself when its work is done, though files are open', async () => {
    const path = tempFile(CONTENT);
    const said = await hearPackage('async/process#endsByItself', { args: [path] });
    expect(said).toEqual([CONTENT.length]);
  });

  test('does to the end what nobody waits for', async () => {
    const path = tempFile(CONTENT);
    const said = await hearPackage('async/process#doesAll', { args: [path] });
    expect(said).toEqual([true]);
    expect(fs.statSync(path).size).toBe(100);
    expect(fs.statSync(`${path}.new`).size).toBe(2_000_000);
    expect(fs.readFileSync(path)[0]).toBe(255);
  });

  test('may exit in the middle of it', async () => {
    for (const moment of namesIn('async/process#MOMENTS')) {
      const path = tempFile(CONTENT);
      await hearPackage('async/process#exits', { args: [moment, path, tempFile(CONTENT)] });
      expect([1_000_000, 2_000_000]).toContain(fs.statSync(path).size);
      expectBytes(fs.readFileSync(path).subarray(0, CONTENT.length), CONTENT);
      await (await AsyncMmapFileMut.open(path)).close();
    }
  });

  whereCallsAreTraced.test('reads the same bytes on an older kernel', async () => {
    const content = CONTENT.subarray(0, 64 * 4096);
    const digest = createHash('sha256').update(content).digest('hex');
    const lacking = { 'cachestat(2)': 451, 'preadv2(2)': process.arch === 'arm64' ? 286 : 327 };
    for (const FMMAP_CALL of Object.values(lacking)) {
      const args = [coldFile(content)];
      const through = preloading('failing.c', { FMMAP_CALL });
      const said = await hearPackage('async/process#readsAll', { args, through });
      expect(said).toEqual([digest, digest]);
    }
  });

  test('that is killed in the middle of it leaves no lock', async () => {
    const path = tempFile(CONTENT);
    const child = startProgram('async/process#worksForEver', { args: [path], main: PACKAGE });
    expect(await child.said()).toBe('open');
    expect(await rejected(AsyncMmapFile.open(path))).toMatchObject({ code: 'EWOULDBLOCK' });
    child.process.kill('SIGKILL');
    await child.done;
    await using file = await AsyncMmapFile.open(path);
    expectBytes(file.asBuffer(), CONTENT);
  });

  test('waits for a lock that another process holds, and gets it', async () => {
    const path = tempFile(CONTENT);
    const holder = await AsyncMmapFile.open(path);
    const child = startProgram('async/process#waitsForLock', { args: [path], main: PACKAGE });
    expect(await child.said()).toBe(false);
    await holder.close();
    expect(await child.said()).toBe('exclusive');
    expect(await child.done).toMatchObject({ code: 0, stderr: '' });
  });

  test('has nothing left of a file that was dropped, and is warned of it', async () => {
    const said = await hearPackage('async/process#drops', { args: [tempFile(CONTENT)] });
    expect(said).toEqual([[false, 1]]);
  });
});

describe('a rejection', () => {
  test('is always one that the caller has, and none besides', async () => {
    const said = await hearPackage('async/process#rejects', { args: [tempFile(CONTENT)] });
    expect(said).toEqual([0, 1]);
  });

  test('that nobody looks at is reported, once for each', async () => {
    const said = await hearPackage('async/process#nobodyLooks');
    expect(said).toEqual([4]);
  });
});

describe('the stack of an error', () => {
  for (const name of namesIn('async/process#CALLERS')) {
    const where = ['checkFault', 'prefetch'].includes(name) ? whereFilesAreCut.test : test;
    where(`of ${name} leads to the function that awaited it`, async () => {
      const args = [name, tempFile(CONTENT)];
      const [stack] = await hearPackage('async/process#stack', { args });
      expect(stack).toMatch(/^Mmap\w+: .+/);
      expect(stack).toMatch(/^ +at async theCaller /m);
    });
  }
});
