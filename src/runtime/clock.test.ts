import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { systemRandom } from './random.ts';
import { digest } from './digest.ts';

test('a sleep lasts as long as asked and removes its listener', async () => {
  const start = systemClock.monotonic();
  await systemClock.sleep(20, new AbortController().signal);
  expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(19);
});

test('a sleep ends without rejecting when it is aborted, before or during it', async () => {
  const controller = new AbortController();
  const start = systemClock.monotonic();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort();
  await sleeping;
  await systemClock.sleep(60_000, controller.signal);
  expect(systemClock.monotonic() - start).toBeLessThan(5_000);
});

test('a sleep longer than a timer can be does not end at once', async () => {
  const controller = new AbortController();
  let ended = false;
  const sleeping = systemClock.sleep(2 ** 31, controller.signal).then(() => (ended = true));
  await systemClock.sleep(20, new AbortController().signal);
  expect(ended).toBe(false);
  controller.abort();
  await sleeping;
});

test('now is the time of day', () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
});

test('random numbers lie in [0, 1)', () => {
  for (let i = 0; i < 100; i++) {
    const unit = systemRandom.unit();
    expect(unit >= 0 && unit < 1).toBe(true);
  }
});

test('a digest is the start of the SHA-256 in base64url', () => {
  expect(digest('')).toBe('47DEQpj8HBSa-_TImW-5JC');
  expect(digest('a')).not.toBe(digest('b'));
});
