import * as fs from 'node:fs';
import { pageSize } from '@fmmap/core';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../core/test/helpers/temp.js';
import { fileOnDisk } from './helpers/files.js';
import { fmmap, objects, run, said, shellCommand, start } from './helpers/run.js';

describe('stat', () => {
  test('says what the system says', async () => {
    const path = fileOnDisk(Buffer.alloc(5 * pageSize + 1, 1));
    fs.linkSync(path, `${path}.link`);
    await said('prefetch', path);
    const { size, blocks, mtime } = fs.statSync(path);
    const { bsize } = fs.statfsSync(path);
    const [found] = await objects('stat', '--json', path);
    expect(found).toEqual({
      path,
      size,
      allocated: blocks * 512,
      pageSize,
      pages: 6,
      residentPages: 6,
      residentBytes: size,
      modified: mtime.toISOString(),
      links: 2,
      locks: [],
      fileSystem: {
        type: expect.stringMatching(/^\w+/),
        source: expect.any(String),
        directory: expect.stringMatching(/^\//),
        options: expect.stringMatching(/rw/),
        blockSize: bsize,
        free: expect.any(Number),
      },
    });
    const text = await said('stat', path);
    expect(text.split('\n')[0]).toBe(path);
    expect(text).toMatch(/^ {2}size +20 KiB, 20,481 bytes$/m);
    expect(text).toMatch(/^ {2}pages +6 of 4 KiB$/m);
    expect(text).toMatch(/^ {2}resident +6 of 6 pages, 20 KiB, 100 %$/m);
    expect(text).toMatch(/^ {2}links +2$/m);
    expect(text).toMatch(/^ {2}locks +none$/m);
    expect(text).toMatch(/^ {2}file system \w+ at \/.* free$/m);
  });

  test('takes several files, and says which have holes, are empty, or missing', async () => {
    const [holes, empty] = [fileOnDisk(''), fileOnDisk('')];
    fs.truncateSync(holes, 2 ** 20);
    const { code, stdout, stderr } = await fmmap(['stat', holes, `${empty}.not`, empty]);
    expect(code).toBe(2);
    expect(stderr).toBe(`fmmap: ${empty}.not: no such file or directory\n`);
    expect(stdout).toMatch(/^ {2}allocated +0 B, 1 MiB in holes or compressed$/m);
    expect(stdout).toMatch(/^ {2}resident +0 of 256 pages, 0 B, 0 %$/m);
    expect(stdout).toMatch(/^ {2}size +0 B$/m);
    expect(stdout).toMatch(/^ {2}resident +0 of 0 pages, 0 B, 0 %$/m);
  });

  test('shows locks, without being in their way', async () => {
    const path = fileOnDisk('x');
    const holder = start(['flock', '--exclusive', path, 'sh', '-c', 'echo held; read -r _']);
    await holder.until(/held/);
    expect(await said('stat', path)).toMatch(
      new RegExp(`^ {2}locks +flock exclusive 0-EOF by ${holder.pid} \\(flock\\)$`, 'm'),
    );
    const [found] = await objects('stat', '--json', path);
    expect(found?.locks).toMatchObject([{ pid: holder.pid, command: 'flock', end: null }]);
  });

  test('knows where files are in memory', async () => {
    const folder = tempDir();
    // The kernel escapes spaces in such names.
    const script = `mkdir '${folder}/a b' && mount -t tmpfs none '${folder}/a b' && echo x > '${folder}/a b/file' &&
      ${shellCommand(['stat', `${folder}/a b/file`])}`;
    const ran = await run(['unshare', '--map-root-user', '--mount', 'sh', '-c', script]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain(`tmpfs at ${folder}/a b (none, `);
    expect(ran.stdout).toMatch(/^ {2}note +it is in memory: nothing of it can be evicted$/m);
  });
});
