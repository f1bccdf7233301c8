import { hearProgram, type ProgramOptions } from '../../test/helpers/program.js';
import { PACKAGE } from './package-under-test.js';

/**
 * Runs a program of core's to its end, with the package under test, and returns what it said. It
 * fails on a promise that is rejected and that nobody has looked at.
 */
export function hearPackage(program: string, options: ProgramOptions = {}): Promise<unknown[]> {
  return hearProgram(program, {
    ...options,
    main: PACKAGE,
    flags: ['--unhandled-rejections=strict', ...(options.flags ?? [])],
  });
}
