import { expect, test } from 'vitest';
import { fakeClock, fakeLog } from './fake.ts';

test('sleepers wake in the order of their time, and only when it has come', async () => {
  const clock = fakeClock();
  const woken: string[] = [];
  const { signal } = new AbortController();
  const late = clock.sleep(200, signal).then(() => woken.push('late'));
  const early = clock.sleep(100, signal).then(() => woken.push('early'));
  clock.advance(99);
  expect(clock.sleepers()).toBe(2);
  clock.advance(200);
  await Promise.all([late, early]);
  expect(woken).toEqual(['early', 'late']);
  expect(clock.monotonic()).toBe(299);
});

test('an abort wakes a sleeper, as with the real clock', async () => {
  const clock = fakeClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(1_000, controller.signal);
  controller.abort();
  await sleeping;
  await clock.sleep(1_000, controller.signal);
  expect(clock.sleepers()).toBe(0);
});

test('lines of children carry the fields of their parents', () => {
  const log = fakeLog();
  log.child({ a: 1 }).child({ b: 2 }).warn({ c: 3 }, 'seen');
  expect(log.lines).toEqual([{ level: 'warn', fields: { a: 1, b: 2, c: 3 }, message: 'seen' }]);
});
