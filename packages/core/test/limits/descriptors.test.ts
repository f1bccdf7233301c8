import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { MmapFile, MmapFileMut } from '../../src/index.js';
import { whereLimits } from '../helpers/platform.js';
import { type Member, methodsOf } from '../helpers/surface.js';
import { pattern, tempFile } from '../helpers/temp.js';

const CONTENT = pattern(10_000);

const prlimit = (...args: string[]): string =>
  execFileSync('prlimit', ['--pid', String(process.pid), ...args], { encoding: 'utf8' }).trim();

/** Until the test has ended, this process may have so many descriptors. */
function limitTo(count: number): void {
  const before = prlimit('--nofile', '--output=SOFT', '--noheadings', '--raw');
  prlimit(`--nofile=${count}:`);
  onTestFinished(() => void prlimit(`--nofile=${before}:`));
}

/** Runs `work` while this process has all descriptors that it may have. */
function withoutDescriptors<T>(work: () => T): T {
  const taken: number[] = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null', 'r'));
  } catch {}
  try {
    return work();
  } finally {
    for (const fd of taken) fs.closeSync(fd);
  }
}

function outcomeOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

const replacing = (): Member => {
  const path = tempFile('old');
  return {
    name: 'writeToNewFile that replaces',
    use: (file) => (file as MmapFile).writeToNewFile(path, { replace: true }),
  };
};

// This includes descriptors that the C++ library needs: an exception from it would end the process.
whereLimits.test.each([
  ['MmapFile', MmapFile, MmapFile.open],
  ['MmapFileMut', MmapFileMut, MmapFileMut.open],
] as const)(
  'without a descriptor left, each method of %s does what it always does, or throws EMFILE',
  (_, type, open) => {
    limitTo(1024);
    const differences: object[] = [];
    for (const { name, use } of [...methodsOf(type), replacing()]) {
      using usual = open(tempFile(CONTENT));
      using file = open(tempFile(CONTENT));
      const expected = outcomeOf(() => use(usual));
      const outcome = withoutDescriptors(() => outcomeOf(() => use(file)));
      if (outcome !== 'EMFILE' && outcome !== expected)
        differences.push({ name, expected, outcome });
      // Whatever it was, the file is as usable as it was.
      if (outcome === 'EMFILE') expect(file.copyBytes().equals(CONTENT), name).toBe(true);
    }
    expect(differences).toEqual([]);
  },
);
