import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PUBLIC_KEY_PATTERN } from '../mesh/key.ts';
import { Secret } from '../runtime/secret.ts';
import { generateKeyPair, parsePrivateKey, publicKeyOf } from './key-pair.ts';
import { generateSeed } from './seed.ts';
import { parseBase64, parseSecret, revealAsBase64 } from './text.ts';

test('the public key of a private key is that of RFC 7748, 6.1', () => {
  const alice = Buffer.from('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', 'hex');
  const expected = Buffer.from('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a', 'hex');
  expect(publicKeyOf(new Secret(alice))).toBe(expected.toString('base64'));
});

test('the public key of a private key is what `wg pubkey` says', () => {
  const privateKey = parsePrivateKey('GAtfwbkWwnxBqyVM8Zyiu8A7NfGzj5vAoszSB338xlI=');
  expect(privateKey && publicKeyOf(privateKey)).toBe('Ql3RWPE8mkijI6SR2HVpaM0XizZTSYPbw1JaF4XMKwU=');
});

test('generated pairs differ, are clamped and fit together', () => {
  const pairs = Array.from({ length: 50 }, generateKeyPair);
  expect(new Set(pairs.map(({ publicKey }) => publicKey)).size).toBe(50);
  for (const { publicKey, privateKey } of pairs) {
    expect(publicKey).toMatch(PUBLIC_KEY_PATTERN);
    const parsed = parsePrivateKey(revealAsBase64(privateKey));
    expect(parsed && publicKeyOf(parsed)).toBe(publicKey);
  }
});

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['no base64', '!'.repeat(44)],
  ['31 bytes', Buffer.alloc(31, 0x40).toString('base64')],
  ['33 bytes', Buffer.alloc(33, 0x40).toString('base64')],
  ['a trailing blank', `${Buffer.alloc(32, 0x40).toString('base64')} `],
  ['no padding', Buffer.alloc(32, 0x40).toString('base64').slice(0, -1)],
  ['the URL alphabet', '-AtfwbkWwnxBqyVM8Zyiu8A7NfGzj5vAoszSB338xlI='],
  ['bits 0 to 2 set', Buffer.alloc(32, 0x47).toString('base64')],
  ['bit 254 clear', Buffer.alloc(32, 0x08).toString('base64')],
  ['bit 255 set', Buffer.alloc(32, 0xc0).toString('base64')],
])('%s is not a private key', (_, text) => {
  expect(parsePrivateKey(text)).toBeUndefined();
});

test('a private key of another length than 32 bytes has no public key', () => {
  expect(() => publicKeyOf(new Secret(Buffer.alloc(31)))).toThrow('32 bytes');
});

test('seeds are 32 bytes and differ', () => {
  const seeds = Array.from({ length: 50 }, generateSeed);
  expect(seeds.every((seed) => seed.reveal().length === 32)).toBe(true);
  expect(new Set(seeds.map(revealAsBase64)).size).toBe(50);
});

test('bytes have exactly one base64 text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(parseSecret(text)?.reveal()).toEqual(bytes);
      expect(parseBase64(`${text}\n`)).toBeUndefined();
      expect(parseBase64(` ${text}`)).toBeUndefined();
    }),
  );
});
