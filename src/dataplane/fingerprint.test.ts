import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { fingerprintOf, presharedKeyFingerprint } from './fingerprint.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);

test('a fingerprint is 16 digits of a hash of its domain and the key', () => {
  const text = Buffer.concat([Buffer.from('peerwright/fingerprint/v1'), KEY]);
  expect(fingerprintOf(new Secret(KEY))).toBe(createHash('sha256').update(text).digest('hex').slice(0, 16));
  expect(presharedKeyFingerprint(KEY)).toBe(fingerprintOf(new Secret(KEY)));
});

test('another key has another fingerprint, and no key has none', () => {
  expect(fingerprintOf(new Secret(KEY.toReversed()))).not.toBe(fingerprintOf(new Secret(KEY)));
  expect(presharedKeyFingerprint(new Uint8Array(32))).toBeUndefined();
});
