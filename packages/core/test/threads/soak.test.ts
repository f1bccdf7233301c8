import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { effort } from '../helpers/effort.js';
import { whereFilesAreCut } from '../helpers/platform.js';
import { hearProgram, runProgram, startProgram } from '../helpers/program.js';
import { tempDir } from '../helpers/temp.js';

/** For both tests together. Longer by hand: FMMAP_SOAK_SECONDS=3600 npx vitest run test/threads/soak */
const SECONDS = Number(process.env.FMMAP_SOAK_SECONDS ?? effort(50, 8)) / 2;
const TIMEOUT = 4000 * SECONDS + 30_000;

whereFilesAreCut.test.each([
  ['on a disk', undefined],
  ['in memory', '/dev/shm'],
])(
  'readers of a file that another process truncates and regrows get its content or a fault, %s',
  async (_, where) => {
    const directory = tempDir(where);
    const [path, stop] = [join(directory, 'file.bin'), join(directory, 'stop')];
    await hearProgram('threads/soak#create', { args: [path] });
    const truncator = startProgram('threads/soak#truncate', {
      args: [path, stop, 4 * SECONDS + 10],
      timeout: TIMEOUT,
    });
    const readers = await runProgram('threads/soak#read', {
      args: [path, SECONDS, where !== undefined],
      timeout: TIMEOUT,
    });
    fs.writeFileSync(stop, '');
    const truncated = await truncator.done;
    expect(readers).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(truncated).toMatchObject({ code: 0, signal: null, stderr: '' });
    const { rounds, wrong } = JSON.parse(truncated.stdout);
    expect(wrong).toBe(0);
    expect(rounds).toBeGreaterThan(20);
    const threads = readers.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(threads.map((thread) => thread.wrong)).toEqual(threads.map(() => []));
    expect(threads.length).toBe(7);
    for (const { reads, faults } of threads) {
      expect(faults).toBeGreaterThan(20);
      expect(reads).toBeGreaterThan(1000);
    }
  },
  TIMEOUT,
);
