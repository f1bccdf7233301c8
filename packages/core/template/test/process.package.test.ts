// The template itself is no package that a process could load: only the copies of this are run.
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectBytes } from '../../test/helpers/bytes.js';
import { startChild } from '../../test/helpers/child.js';
import { pattern, tempFile } from '../../test/helpers/temp.js';
import { AsyncMmapFile } from '../async-mmap-file.js';
import { AsyncMmapFileMut } from '../async-mmap-file-mut.js';
import { hearPackage } from './children.js';
import { PACKAGE } from './package-under-test.js';
import { rejected } from './rejections.js';

const CONTENT = pattern(1_000_000);

describe('a process', () => {
  test('ends by itself when its work is done, though files are open', async () => {
    const path = tempFile(CONTENT);
    const said = await hearPackage(
      `const file = await AsyncMmapFileMut.open(args[0]);
       file.onFault(() => {});
       await file.prefetch();
       await file.flush();
       say(file.length);
       globalThis.kept = file;`,
      { args: [path] },
    );
    expect(said).toEqual([CONTENT.length]);
  });

  test('does to the end what nobody waits for', async () => {
    const path = tempFile(CONTENT);
    const said = await hearPackage(
      `const file = await AsyncMmapFileMut.open(args[0]);
       file.writeUInt8(255, 0);
       void file.truncate(2_000_000);
       void file.flush();
       void file.writeToNewFile(args[0] + '.new');
       void file.closeWithTruncate(100);
       process.on('exit', () => say(file.isClosed));`,
      { args: [path] },
    );
    expect(said).toEqual([true]);
    expect(fs.statSync(path).size).toBe(100);
    expect(fs.statSync(`${path}.new`).size).toBe(2_000_000);
    expect(fs.readFileSync(path)[0]).toBe(255);
  });

  test('may exit in the middle of it', async () => {
    for (const moment of [
      '',
      'await undefined;',
      'await turn();',
      'await file.stat();',
      'await file.flush();',
    ]) {
      const path = tempFile(CONTENT);
      await hearPackage(
        `const file = await AsyncMmapFileMut.open(args[0]);
         const other = await AsyncMmapFile.open(args[1]);
         await other.unlock();
         for (let i = 0; i < 20; ++i) {
           void file.flush();
           void file.truncate(i % 2 ? 1_000_000 : 2_000_000);
           void file.writeToNewFile(args[0] + '.new' + i);
           void other.prefetch();
           void other.lock();
         }
         void AsyncMmapFileMut.create(args[0] + '.created', { maxSize: 5 });
         ${moment}
         process.exit();`,
        { args: [path, tempFile(CONTENT)] },
      );
      expect([1_000_000, 2_000_000]).toContain(fs.statSync(path).size);
      expectBytes(fs.readFileSync(path).subarray(0, CONTENT.length), CONTENT);
      await (await AsyncMmapFileMut.open(path)).close();
    }
  });

  test('that is killed in the middle of it leaves no lock', async () => {
    const path = tempFile(CONTENT);
    const child = startChild(
      `const file = await fmmap.AsyncMmapFileMut.open(args[0]);
       say('open');
       for (;;) await Promise.all([file.flush(), file.truncate(1_000_000)]);`,
      { args: [path], main: PACKAGE },
    );
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
    const child = startChild(
      `const file = await fmmap.AsyncMmapFile.open(args[0]);
       await file.unlock();
       say(await file.tryLock());
       await file.lock();
       say(file.lockState);`,
      { args: [path], main: PACKAGE },
    );
    expect(await child.said()).toBe(false);
    await holder.close();
    expect(await child.said()).toBe('exclusive');
    expect(await child.done).toMatchObject({ code: 0, stderr: '' });
  });

  test('has nothing left of a file that was dropped, and is warned of it', async () => {
    const said = await hearPackage(
      `let warnings = 0;
       process.on('warning', ({ code }) => { warnings += code === 'FMMAP_LEAK'; });
       await (async () => { await (await AsyncMmapFile.open(args[0])).prefetch(); })();
       const isMapped = () => fs.readFileSync('/proc/self/maps', 'utf8').includes(args[0]);
       while (isMapped() || warnings === 0) { gc(); await turn(); }
       say([isMapped(), warnings]);`,
      { args: [tempFile(CONTENT)] },
    );
    expect(said).toEqual([[false, 1]]);
  });
});

describe('a rejection', () => {
  test('is always one that the caller has, and none besides', async () => {
    const said = await hearPackage(
      `const fails = async (promise) => {
         try { await promise; } catch ({ name }) { return name; }
         return 'no error';
       };
       const signal = AbortSignal.abort();
       const file = await AsyncMmapFileMut.open(args[0]);
       const reader = file.reader();
       const calls = () => [
         AsyncMmapFile.open('/no/such/file'), AsyncMmapFileMut.create(args[0]),
         AsyncMmapFileMut.create(args[0] + '.new', { signal }),
         file.truncate(-1), file.truncate(5, { signal }), file.flush(0, 2 ** 40), file.lockShared(),
         file.writeToNewFile(args[0]), file.read('x'), reader.readExact(Buffer.alloc(2_000_000)),
         file.advise('x'), file.prefetch(-1),
       ];
       const names = await Promise.all(calls().map(fails));
       say(names.filter((name) => name === 'no error').length);
       const late = [file.close(), ...calls()].map(fails);
       say((await Promise.all(late)).filter((name) => name === 'no error').length);
       for (let i = 0; i < 10; ++i) await turn();`,
      { args: [tempFile(CONTENT)] },
    );
    expect(said).toEqual([0, 1]);
  });

  test('that nobody looks at is reported, once for each', async () => {
    const said = await hearPackage(
      `let count = 0;
       process.on('uncaughtException', () => { count += 1; });
       void AsyncMmapFile.open('/no/such/file');
       const file = AsyncMmapFileMut.memory('memory', 'abc');
       void file.flush(5);
       void file.truncate(-1);
       await file.close();
       void file.stat();
       process.on('exit', () => say(count));`,
    );
    expect(said).toEqual([4]);
  });
});

describe('the stack of an error', () => {
  test.each([
    ['opening', `await AsyncMmapFile.open('/no/such/file')`],
    ['creating', `await AsyncMmapFileMut.create('/no/such/file')`],
    ['writeToNewFile', `await AsyncMmapFile.memory('m', 'abc').writeToNewFile('/no/such/file')`],
    ['lock', 'await (await AsyncMmapFile.open(args[0])).lock()'],
    ['tryLock', 'await (await AsyncMmapFile.open(args[0])).tryLock()'],
    ['truncate', 'await (await AsyncMmapFileMut.open(args[0])).truncate(2 ** 53 - 1)'],
    ['remove', 'fs.unlinkSync(args[0] + ".gone"); await gone.remove()'],
    ['freeze', 'const other = AsyncMmapFileMut.attach(gone.share()); await gone.freeze()'],
    ['checkFault', 'fs.truncateSync(args[0] + ".gone", 0); await gone.checkFault()'],
    ['prefetch', 'fs.truncateSync(args[0] + ".gone", 0); await gone.prefetch()'],
  ])('of %s leads to the function that awaited it', async (_name, code) => {
    const [stack] = await hearPackage(
      `const gone = await AsyncMmapFileMut.create(args[0] + '.gone', { maxSize: 5_000_000 });
       async function theCaller() { ${code}; }
       try { await theCaller(); } catch (error) { say(error.stack); }`,
      { args: [tempFile(CONTENT)] },
    );
    expect(stack).toMatch(/^Mmap\w+: .+/);
    expect(stack).toMatch(/^ +at async theCaller /m);
  });
});
