import { z } from 'zod';

/** What one tier came to. A skipped tier has a reason, and its tests count as skipped. */
export interface Tally {
  readonly tier: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the whole tier did not run. */
  readonly reason?: string;
}

export type Counts = Pick<Tally, 'passed' | 'failed' | 'skipped'>;

/** The part of vitest's JSON report that is counted. */
const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/**
 * Counts the tests of a vitest JSON report. A file that failed without a single test (it does not load) counts as one
 * failure, and so does a run that ended badly for a reason outside its tests, such as an unhandled error.
 */
export function countReport(text: string, exitCode: number): Counts {
  const report = Report.parse(JSON.parse(text));
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** `12 passed, 0 failed`, with `, 3 skipped` when some were. */
export function totals(tallies: readonly Tally[]): string {
  const sum = (of: keyof Counts) => tallies.reduce((total, tally) => total + tally[of], 0);
  const skipped = sum('skipped');
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** Whether a run is good: nothing failed and something passed. */
export function isGood(tallies: readonly Tally[]): boolean {
  return tallies.every(({ failed }) => failed === 0) && tallies.some(({ passed }) => passed > 0);
}

/** One line a tier, with a header. */
export function table(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ tier, seconds, passed, failed, skipped, reason }) =>
    [line([tier, seconds.toFixed(1), passed, failed, skipped]), reason].filter(Boolean).join('  '),
  );
  return [line(['tier', 'seconds', 'passed', 'failed', 'skipped']), ...rows].join('\n');
}

function line([first, ...rest]: readonly (string | number)[]): string {
  return `${String(first).padEnd(10)}${rest.map((cell) => String(cell).padStart(9)).join('')}`;
}
