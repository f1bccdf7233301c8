import { describe, expect, test } from 'vitest';
import { DIFFERENCES, problemsOf } from '../scripts/platforms/conformance.mjs';

// How the results of core's tests on Bun and Deno are judged: `npm run test:platforms -- --all`.

const KNOWN = [
  { what: 'bytes differ', tests: /a\.test\.ts > reads/ },
  { what: 'it is late', tests: /b\.test\.ts > is late/, sometimes: true },
];

/** What vitest would report. */
function resultsOf(failed: readonly string[], passed: readonly string[] = [], message = '') {
  const all = failed.map((fullName) => ({
    status: 'failed',
    fullName,
    failureMessages: ['expected 1 to be 2'],
  }));
  const assertionResults = [...all, ...passed.map((fullName) => ({ status: 'passed', fullName }))];
  const status = failed.length > 0 || message !== '' ? 'failed' : 'passed';
  const name = '/somewhere/packages/core/test/a.test.ts';
  return { testResults: [{ name, status, message, assertionResults }] };
}

test('a run in which just the known tests fail has no problems', () => {
  expect(problemsOf(resultsOf(['reads at the start', 'reads at the end']), KNOWN)).toEqual([]);
});

test('a test that fails and is not known is named, with what it says', () => {
  const problems = problemsOf(resultsOf(['reads', 'writes'], ['closes']), KNOWN);
  expect(problems).toEqual(['test/a.test.ts > writes: expected 1 to be 2']);
});

test('a known test that passes is named, unless it fails only sometimes', () => {
  expect(problemsOf(resultsOf([], ['reads']), KNOWN)).toEqual([
    '/a\\.test\\.ts > reads/ no longer fails',
  ]);
});

test('a file that does not load is a problem', () => {
  const problems = problemsOf(resultsOf([], [], 'no such module'), []);
  expect(problems).toEqual(['test/a.test.ts: no such module']);
});

describe.each(Object.entries(DIFFERENCES))('%s', (_, differences) => {
  test('has a reason for each difference, which fits into a table', () => {
    for (const { what } of differences) expect(what).toMatch(/^[^|\n]+$/);
  });
});
