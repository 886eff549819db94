import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LOW_ORDER_POINTS, publicKey } from './public-key.ts';

const mine = generateKeyPairSync('x25519').privateKey;
const P = 2n ** 255n - 19n;

const exchange = (text: string): Buffer => diffieHellman({ privateKey: mine, publicKey: keyOf(text) });
const isTaken = (text: string): boolean => publicKey().safeParse(text).success;

describe('a public key', () => {
  test('of a new pair is taken', () => {
    for (let n = 0; n < 100; n += 1) {
      const { x = '' } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
      expect(isTaken(Buffer.from(x, 'base64url').toString('base64'))).toBe(true);
    }
  });

  test.each(LOW_ORDER_POINTS)('%s is refused, since no key exchange works with it', (point) => {
    expect(() => exchange(point)).toThrow('derivation');
    expect(publicKey().safeParse(point).error?.issues[0]?.message).toContain(`${point} is a low-order point`);
  });

  test('from p upwards is refused, since it is a second spelling of a small one', () => {
    for (let value = P; value < 2n ** 255n; value += 1n) expect(isTaken(littleEndian(value))).toBe(false);
    expect(exchange(littleEndian(P + 2n))).toEqual(exchange(littleEndian(2n)));
    expect(isTaken(littleEndian(P - 2n))).toBe(true);
    expect(isTaken(littleEndian(2n))).toBe(true);
  });

  test('with bit 255 set is refused, since it is a second spelling of the one without', () => {
    const plain = littleEndian(9n);
    const aliased = littleEndian(9n + 2n ** 255n);
    expect(exchange(aliased)).toEqual(exchange(plain));
    expect([isTaken(plain), isTaken(aliased)]).toEqual([true, false]);
  });
});

function keyOf(text: string): KeyObject {
  const x = Buffer.from(text, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
}

function littleEndian(value: bigint): string {
  const hex = value.toString(16).padStart(64, '0');
  return Buffer.from(hex, 'hex').reverse().toString('base64');
}
