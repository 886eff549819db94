import { expect, test } from 'vitest';
import { parsePublicKey } from '../mesh/key.ts';
import type { PublicKey } from '../mesh/model.ts';
import { Secret } from '../runtime/secret.ts';
import { derivePresharedKey } from './preshared-key.ts';
import { revealAsBase64 } from './text.ts';

const A = publicKey('aPxGwq8zERHQ3Q1cOZFdJ+cvJX5Ka4mLN38AyYKYF10=');
const B = publicKey('CjUG5V9lFoJpXaaMjvcJZG5Wc9YGyBVxlEJ9GzTPCEc=');
const COUNTING = Uint8Array.from({ length: 32 }, (_, index) => index);
const ONES = new Uint8Array(32).fill(0xff);

function publicKey(text: string): PublicKey {
  const parsed = parsePublicKey(text);
  if (parsed === undefined) throw new Error('no key');
  return parsed;
}

// Computed with Python's hmac: extract with 32 zero bytes, then one block of expand.
test.each([
  { seed: COUNTING, gateway: A, peer: B, expected: '2UWTtgV/4c/hklrMA6C4DLD4n+IcFwov6/Q5UI5RqLo=' },
  { seed: COUNTING, gateway: B, peer: A, expected: 'WsEJ7fSkXQHa0f3tN06LCH3YfdZIjiG9t/PVQQPvqTY=' },
  { seed: ONES, gateway: A, peer: B, expected: 'OfMjg9uHpFYBxiuKZNHYNO7U6k1+LTeAEsFM33d6XC0=' },
])('a preshared key is derived as $expected from seed, gateway and peer', ({ seed, gateway, peer, expected }) => {
  expect(revealAsBase64(derivePresharedKey(new Secret(seed), gateway, peer))).toBe(expected);
});
