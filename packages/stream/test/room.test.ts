import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hear, startChild } from '../../core/test/helpers/child.js';
import { makeDisk } from '../../core/test/helpers/file-systems.js';
import { canMount } from '../../core/test/helpers/mounting.js';
import { onTmpfs } from '../../core/test/helpers/strace.js';
import { tempDir, tempFile } from '../../core/test/helpers/temp.js';

const MAIN = new URL('../dist/index.cjs', import.meta.url).pathname;
const MIB = 2 ** 20;

/** In a child: a file, and a growing stream into it that has taken 5 MiB. */
const STREAM = `
  const { AsyncMmapFileMut } = fmmap;
  const MIB = 2 ** 20;
  const file = await AsyncMmapFileMut.create(args[0]);
  const writer = file.writable({ grow: true }).getWriter();
  writer.closed.catch(() => {});
  const failure = async (promise) => { try { await promise; return 'no error'; } catch ({ name, code }) { return name + ' ' + code; } };
  for (let done = 0; done < 5 * MIB; done += 1e5) await writer.write(Buffer.alloc(Math.min(1e5, 5 * MIB - done), 'x'));
`;

function expectWhole(path: string, bytes = 5 * MIB): void {
  const content = fs.readFileSync(path);
  expect(content.length).toBe(bytes);
  expect(content.every((byte) => byte === 120)).toBe(true);
}

const ENDS: Readonly<Record<string, string>> = {
  'process.exit': 'process.exit(0);',
  'an exit in the middle of a chunk': 'void writer.write(Buffer.alloc(30)); process.exit(0);',
  'the end of the program': '',
  'closing the file before the stream': 'await file.close();',
  'closing the stream': 'await writer.close();',
  'aborting it': 'await writer.abort();',
  'an error of a chunk': 'await writer.write(5).catch(() => {});',
  disposing: 'await file[Symbol.asyncDispose]();',
  'a second stream that never ends':
    'const other = file.writable({ grow: true, offset: 5 * MIB }).getWriter(); await other.write("x".repeat(10)); ' +
    'await file.truncate(5 * MIB); await file.close();',
};

describe('no room that was made and not used is left in the file after', () => {
  test.each(Object.entries(ENDS))('%s', async (_, end) => {
    const path = tempFile();
    await hear(`${STREAM} say(file.length > 5 * MIB); ${end}`, { main: MAIN, args: [path] });
    expectWhole(path);
  });

  test('an error that nobody catches', async () => {
    const path = tempFile();
    const child = startChild(
      `${STREAM} say(1); setImmediate(() => { throw new Error('stray'); });`,
      {
        main: MAIN,
        args: [path],
      },
    );
    expect((await child.done).code).toBe(1);
    expectWhole(path);
  });

  test.each(['process.exit()', 'terminate'])('the end of a thread, by %s', async (how) => {
    const path = tempFile();
    await hear(
      `const { Worker, parentPort } = require('node:worker_threads');
       const source = 'const fmmap = require(' + JSON.stringify(args[1]) + '); const args = ' + JSON.stringify(args) + ';' +
         'const say = (value) => require("node:worker_threads").parentPort.postMessage(value);' +
         '(async () => {' + args[2] + ' say(1); ' + (args[3] === 'terminate' ? 'setInterval(() => {}, 1e6)' : args[3]) + '})()';
       const thread = new Worker(source, { eval: true });
       await new Promise((resolve) => thread.once('message', resolve));
       if (args[3] === 'terminate') await thread.terminate();
       else await new Promise((resolve) => thread.once('exit', resolve));`,
      { main: MAIN, args: [path, MAIN, STREAM, how] },
    );
    expectWhole(path);
  });

  test('a stream that was dropped with its file', async () => {
    const path = tempFile();
    await hear(
      `await (async () => { ${STREAM} })();
       while (fs.statSync(args[0]).size !== 5 * 2 ** 20) { gc(); await turn(); }`,
      { main: MAIN, args: [path] },
    );
    expectWhole(path);
  });

  test('a fault', async () => {
    const directory = tempDir();
    const said = await hear(
      `const { AsyncMmapFileMut } = fmmap;
       const MIB = 2 ** 20;
       const path = args[0] + '/file.bin';
       const file = await AsyncMmapFileMut.create(path, { maxSize: MIB });
       const writer = file.writable({ grow: true, offset: MIB }).getWriter();
       writer.closed.catch(() => {});
       await writer.write('x'.repeat(100_000));
       say(file.length > MIB + 100_000);
       try { for (;;) fs.writeFileSync(args[0] + '/ballast', Buffer.alloc(1000), { flag: 'a' }); } catch {}
       const failure = async (call) => { try { await call(); return 'no error'; } catch ({ reason }) { return reason; } };
       say(await failure(() => file.writeUInt8(1, 5))); // which is a hole
       say(await failure(() => writer.write('x')));
       say([file.isFaulted, (await file.stat()).size]);
       fs.rmSync(args[0] + '/ballast');
       await file.reopen();
       say([file.length, file.copyBytes(MIB).every((byte) => byte === 120)]);
       await file.close();`,
      { main: MAIN, args: [directory], through: onTmpfs(directory, 'size=8m') },
    );
    const length = MIB + 100_000;
    expect(said).toEqual([true, 'no-space', 'no-space', [true, length], [length, true]]);
  });

  test('the length that somebody else has given the file stays', async () => {
    const path = tempFile();
    await hear(`${STREAM} fs.truncateSync(args[0], 20 * MIB); process.exit(0);`, {
      main: MAIN,
      args: [path],
    });
    expect(fs.statSync(path).size).toBe(20 * MIB);
  });

  test('and little of it after SIGKILL', async () => {
    const path = tempFile();
    const child = startChild(
      `${STREAM} for (let done = 5; done < 105; ++done) await writer.write(Buffer.alloc(MIB, 'x'));
       say(105 * MIB); setInterval(() => {}, 1e6);`,
      { main: MAIN, args: [path] },
    );
    const acknowledged = (await child.said()) as number;
    child.process.kill('SIGKILL');
    await child.done;
    const content = fs.readFileSync(path);
    expect(content.subarray(0, acknowledged).every((byte) => byte === 120)).toBe(true);
    expect(content.subarray(acknowledged).every((byte) => byte === 0)).toBe(true);
    expect(content.length).toBeLessThanOrEqual(acknowledged + 16 * MIB);
  });
});

/** Where there is room for some 20 MiB. */
const DISKS = {
  tmpfs: () => {
    const directory = tempDir();
    return { directory, through: onTmpfs(directory, 'size=20m') };
  },
  ext4: () => ({ directory: makeDisk('ext4', 24 * MIB).directory, through: [] }),
  xfs: () => ({ directory: makeDisk('xfs', 300 * MIB).directory, through: [] }),
};

test.runIf(canMount('mount', 'mkfs.ext4', 'mkfs.xfs')).each(Object.entries(DISKS))(
  'a full disk rejects a write with ENOSPC, and the file has what was written before, on %s',
  async (_, make) => {
    const { directory, through } = make();
    const [failed, written, size, isWhole, again] = await hear(
      `const { AsyncMmapFileMut } = fmmap;
       const file = await AsyncMmapFileMut.create(args[0]);
       const writer = file.writable({ grow: true }).getWriter();
       writer.closed.catch(() => {});
       let written = 0;
       const failed = await (async () => {
         try { for (;;) { await writer.write(Buffer.alloc(50_000, 'x')); written += 50_000; } }
         catch ({ name, code, syscall }) { return [name, code, syscall]; }
       })();
       say(failed);
       say(written);
       await file.checkFault();
       const { size } = await file.stat();
       say(size);
       say(fs.readFileSync(args[0]).every((byte) => byte === 120));
       await file.flush();
       const other = file.writable({ offset: 5 }).getWriter();
       await other.write('x');
       await other.close();
       await file.close();
       say(fs.statSync(args[0]).size);`,
      { main: MAIN, args: [join(directory, 'file.bin')], through },
    );
    expect(failed).toEqual(['MmapError', 'ENOSPC', 'fallocate']);
    expect(written).toBeGreaterThan(5 * MIB);
    expect([size, isWhole, again]).toEqual([written, true, written]);
  },
  60_000,
);
