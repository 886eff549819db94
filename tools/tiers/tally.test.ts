import { expect, test } from 'vitest';
import { countReport, isGood, table, type Tally, totals } from './tally.ts';

const report = (numbers: Partial<Record<string, number>>, files: readonly object[] = []): string =>
  JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    ...numbers,
    testResults: files,
  });

const tally = (overrides: Partial<Tally>): Tally => ({
  tier: 'unit',
  seconds: 1,
  passed: 0,
  failed: 0,
  skipped: 0,
  ...overrides,
});

test('tests are counted, skipped and todo ones as skipped', () => {
  const text = report({ numPassedTests: 3, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 });
  expect(countReport(text, 1)).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test('a file that does not load is a failure although it has no tests', () => {
  const files = [
    { status: 'failed', assertionResults: [] },
    { status: 'passed', assertionResults: [{}] },
  ];
  expect(countReport(report({ numPassedTests: 1 }, files), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test('a run that ends badly outside its tests is a failure', () => {
  expect(countReport(report({ numPassedTests: 4 }), 1)).toEqual({ passed: 4, failed: 1, skipped: 0 });
});

test('totals add up the tiers and name skipped tests only when there are some', () => {
  expect(totals([tally({ passed: 2 }), tally({ passed: 3, failed: 1 })])).toBe('5 passed, 1 failed');
  expect(totals([tally({ passed: 2, skipped: 4 })])).toBe('2 passed, 0 failed, 4 skipped');
});

test('a run without a passed test is not good, and neither is one with a failed test', () => {
  expect(isGood([])).toBe(false);
  expect(isGood([tally({ skipped: 9 })])).toBe(false);
  expect(isGood([tally({ passed: 9 }), tally({ failed: 1 })])).toBe(false);
  expect(isGood([tally({ passed: 1, skipped: 9 })])).toBe(true);
});

test('the table says why a tier was skipped', () => {
  expect(table([tally({ tier: 'netns', seconds: 0.04, skipped: 7, reason: 'needs root' })])).toBe(
    [
      'tier        seconds   passed   failed  skipped',
      'netns           0.0        0        0        7  needs root',
    ].join('\n'),
  );
});
