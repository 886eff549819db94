import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, keyOf, refOf } from './object.ts';

test('versions compare as integers, beyond what a double can tell apart', () => {
  expect(compareVersions('9', '10')).toBeLessThan(0);
  expect(compareVersions('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
  expect(compareVersions('7', '7')).toBe(0);
});

test('an absent or malformed version is older than any', () => {
  for (const old of [undefined, '', 'abc', '-1', '1.5']) expect(compareVersions(old, '0')).toBeLessThan(0);
});

test('a key leads back to namespace and name', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
  fc.assert(
    fc.property(label, label, (namespace, name) => {
      expect(refOf(keyOf({ namespace, name }))).toEqual({ namespace, name });
      expect(refOf(keyOf({ namespace: '', name }))).toEqual({ name });
    }),
  );
});
