import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PUBLIC_KEY_PATTERN, isLowOrder, parsePublicKey } from './key.ts';

const P = 2n ** 255n - 19n;
const A = 486662n;

const mod = (value: bigint): bigint => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

/** Both square roots, none when there is none; p is 5 modulo 8. */
function roots(value: bigint): bigint[] {
  const candidate = power(value, (P + 3n) / 8n);
  return [candidate, mod(candidate * power(2n, (P - 1n) / 4n))]
    .filter((root) => mod(root * root) === mod(value))
    .flatMap((root) => [root, mod(-root)]);
}

/**
 * Doubling sends u to (u^2-1)^2 / 4u(u^2+Au+1): 0 comes from 1 and -1, and s = 1 or -1 from the solutions of
 * t^2 - 4st - 4 - 4sA = 0 with t = u + 1/u.
 */
function lowOrderCoordinates(): Set<bigint> {
  const found = new Set([0n, 1n, P - 1n]);
  const half = (P + 1n) / 2n;
  for (const s of [1n, -1n])
    for (const root of roots(2n + s * A)) {
      const t = mod(2n * s + 2n * root);
      for (const other of roots(t * t - 4n)) found.add(mod((t + other) * half));
    }
  return found;
}

function encode(value: bigint): string {
  const bigEndian = Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  return Buffer.from(Uint8Array.from(bigEndian).toReversed()).toString('base64');
}

const { privateKey } = generateKeyPairSync('x25519');

function exchange(text: string): Buffer {
  const x = Buffer.from(text, 'base64').toString('base64url');
  return diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' }),
  });
}

describe('parsePublicKey', () => {
  it('accepts the keys that WireGuard makes', () => {
    for (let i = 0; i < 50; i++) {
      const x = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x ?? '';
      const text = Buffer.from(x, 'base64url').toString('base64');
      expect(parsePublicKey(text)).toBe(text);
    }
  });

  it('refuses every low-order point, in each spelling with bit 255 clear', () => {
    const spellings = [...lowOrderCoordinates()].flatMap((u) => [u, u + P]).filter((u) => u < 2n ** 255n);
    expect(spellings.length).toBe(7);
    for (const text of spellings.map(encode)) {
      expect(PUBLIC_KEY_PATTERN.test(text)).toBe(true);
      expect(isLowOrder(text)).toBe(true);
      expect(parsePublicKey(text)).toBeUndefined();
      expect(() => exchange(text)).toThrow(/failed during derivation/);
    }
  });

  it('refuses the second spelling that the lowest keys have above the prime', () => {
    for (let u = 2n; u < 19n; u++) {
      expect(parsePublicKey(encode(P + u))).toBeUndefined();
      expect(parsePublicKey(encode(u))).toBe(encode(u));
      expect(exchange(encode(P + u))).toEqual(exchange(encode(u)));
    }
    expect(parsePublicKey(encode(P - 2n))).toBe(encode(P - 2n));
  });

  it('accepts one text per exchange: 32 bytes with bit 255 clear, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(parsePublicKey(text) !== undefined).toBe((bytes[31] ?? 0) < 128);
      }),
    );
  });

  it.each([
    ['a text alias in the padding bits', 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB='],
    ['a missing padding', 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['the URL alphabet', '_gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    ['a trailing newline', 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });
});
