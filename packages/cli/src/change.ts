// What `prefetch` and `evict` have in common: they change what is in memory, and say by how much.
import { basename } from 'node:path';
import type { MmapFile } from '@fmmap/core';
import { type Range, type RangeOptions, rangeOf, withFile } from './files.js';
import { formatSize, percentOf, printable } from './format.js';
import { print, printJson } from './output.js';
import { forEach } from './problems.js';
import { Progress } from './progress.js';
import { measure, type Residency, whyUnknown } from './residency.js';

export interface ChangeOptions extends RangeOptions {
  readonly json?: true;
}

interface Change {
  readonly name: string;
  /** What has been done to some bytes. */
  readonly done: string;
  /** To how many, which may have become fewer at the same time. */
  readonly amount: (before: Residency, after: Residency) => number;
  readonly isDone: (after: Residency) => boolean;
  /** @param report - To be called with the number of bytes of the range that have been dealt with. */
  readonly act: (file: MmapFile, range: Range, report: (bytes: number) => void) => void;
}

/** @returns The exit code: 0 if everything is as it should be, 1 if a part is not. */
export function changeResidency(
  paths: readonly string[],
  options: ChangeOptions,
  { name, done, amount, isDone, act }: Change,
): Promise<number> {
  return forEach(paths, (path) =>
    withFile(path, async (file) => {
      const range = rangeOf(file, options);
      const before = measure(file, range);
      const progress = new Progress(`${name} ${printable(basename(path))}`, range.length);
      try {
        act(file, range, (bytes) => progress.report(bytes));
      } finally {
        progress.end();
      }
      const after = measure(file, range);
      const isKnown = whyUnknown(file) === undefined;
      const changed = Math.max(0, amount(before, after));
      if (options.json) {
        const bytes = (value: number) => (isKnown ? value : null);
        await printJson({
          path,
          ...range,
          residentBytesBefore: bytes(before.residentBytes),
          residentBytes: bytes(after.residentBytes),
        });
      } else if (isKnown) {
        const { residentBytes, bytes } = after;
        const share = `${formatSize(residentBytes)} of ${formatSize(bytes)} in memory`;
        const percent = percentOf(residentBytes, bytes);
        await print(
          `${printable(path)}: ${formatSize(changed)} ${done}; ${share} (${percent} %)\n`,
        );
      } else {
        await print(`${printable(path)}: ${formatSize(range.length)} ${done}\n`);
      }
      return !isKnown || isDone(after) ? 0 : 1;
    }),
  );
}
