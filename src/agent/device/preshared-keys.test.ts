import { expect, it } from 'vitest';
import { fingerprintOf } from '../../dataplane/fingerprint.ts';
import { derivePresharedKey } from '../../keys/preshared-key.ts';
import type { KeyFingerprint } from '../../mesh/model.ts';
import { Secret } from '../../runtime/secret.ts';
import { A, B } from './gateway.testing.ts';
import { PresharedKeys } from './preshared-keys.ts';

const seed = new Secret(Buffer.alloc(32, 7));

it('gives the derived key for its fingerprint, and no other', () => {
  const keys = new PresharedKeys(seed, A);
  const derived = derivePresharedKey(seed, A, B);
  expect(keys.fingerprint(B)).toBe(fingerprintOf(derived));
  expect(keys.secret(B, keys.fingerprint(B)).reveal()).toEqual(derived.reveal());
  expect(() => keys.secret(B, '0123456789abcdef' as KeyFingerprint)).toThrow(/not known/);
});

it('gives another one to each peer, and for each gateway key', () => {
  const [one, two] = [new PresharedKeys(seed, A), new PresharedKeys(seed, B)];
  expect(new Set([one.fingerprint(A), one.fingerprint(B), two.fingerprint(A), two.fingerprint(B)]).size).toBe(4);
});

it('gives the same after it forgot a peer', () => {
  const keys = new PresharedKeys(seed, A);
  const before = keys.fingerprint(B);
  keys.retain(new Set());
  expect(keys.fingerprint(B)).toBe(before);
});
