import { expect, test } from 'vitest';
import { age, bytes } from './format.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [312, '5m12s'],
  [3_599, '59m'],
  [3 * 3600, '3h'],
  [3 * 3600 + 300, '3h5m'],
  [47 * 3600, '47h'],
  [49 * 3600, '2d1h'],
  [9 * 86_400, '9d'],
  [-30, '0s'],
])('%d seconds are %s', (seconds, text) => {
  expect(age(new Date(NOW - seconds * 1000).toISOString(), NOW)).toBe(text);
});

test.each([undefined, '', 'yesterday'])('an instant that is %j has no age', (instant) => {
  expect(age(instant, NOW)).toBe('-');
});

test.each([
  [undefined, '-'],
  [0, '0B'],
  [1023, '1023B'],
  [1536, '1.5KiB'],
  [20 * 1024 ** 2, '20MiB'],
  [5 * 1024 ** 6, '5120PiB'],
])('%s bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});
