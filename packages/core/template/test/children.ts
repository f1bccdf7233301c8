import { type ChildOptions, hear } from '../../test/helpers/child.js';
import { PACKAGE } from './package-under-test.js';

/**
 * Runs `source` to its end in a process that has the exports of the package under test in `fmmap`,
 * and returns what it said. It fails on a promise that is rejected and that nobody has looked at.
 */
export function hearPackage(source: string, options: ChildOptions = {}): Promise<unknown[]> {
  return hear(`const { AsyncMmapFile, AsyncMmapFileMut } = fmmap;${source}`, {
    ...options,
    main: PACKAGE,
    flags: ['--unhandled-rejections=strict', ...(options.flags ?? [])],
  });
}
