import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { mountProblem } from './mounting.js';

/** Why a test was skipped: its own reason, or what {@link canMount} found. */
function reasonOf(test: TestCase, problem: string): string {
  const result = test.result();
  return (result.state === 'skipped' && result.note) || problem;
}

/** Reports at the end of a run how many tests were skipped, and how to run them. */
export class SkippedReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Tests that `-t` leaves out are skipped, too, but on purpose.
    const wanted = this.#vitest?.config.testNamePattern ?? /^/;
    const skipped = modules
      .flatMap((module) => [...module.children.allTests('skipped')])
      .filter((test) => wanted.test(test.fullName.replaceAll(' > ', ' ')));
    if (skipped.length === 0) return;
    const problem = mountProblem();
    const reasons = skipped
      .map((test) => reasonOf(test, problem))
      .filter((reason) => reason !== '');
    if (reasons.length === 0) return;
    const different = [...new Set(reasons)].join('; ');
    if (process.env.CI) process.exitCode = 1; // nothing is skipped there
    console.warn(`*** ${reasons.length} TESTS WERE SKIPPED: ${different} ***\n`);
  }
}
