import { expect, test } from 'vitest';
import {
  decodeGatewayKey,
  encodeGatewayKey,
  GATEWAY_KEY_TYPE,
  gatewayKeySecretName,
  generateGatewayKey,
  type KeySecret,
} from './gateway-key.ts';
import { revealAsBase64 } from './text.ts';

const key = generateGatewayKey();
const other = generateGatewayKey();
const stored = (data: Record<string, string> = {}): KeySecret => ({
  name: 'edge-key-1',
  type: GATEWAY_KEY_TYPE,
  data: { ...encodeGatewayKey(key), ...data },
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('what was encoded decodes to the same key', () => {
  const decoded = decodeGatewayKey(stored());
  if (!decoded.ok) throw new Error('not decoded');
  expect(decoded.value.publicKey).toBe(key.publicKey);
  expect(decoded.value.privateKey.reveal()).toEqual(key.privateKey.reveal());
  expect(decoded.value.seed.reveal()).toEqual(key.seed.reveal());
});

test('values of the Secret are the base64 of base64 texts, as kubectl shows and people expect', () => {
  const { privateKey } = encodeGatewayKey(key);
  expect(Buffer.from(privateKey ?? '', 'base64').toString()).toBe(revealAsBase64(key.privateKey));
});

test('the name says whose key it is and which one', () => {
  expect(gatewayKeySecretName('edge', 3)).toBe('edge-key-3');
});

const without = (field: string): KeySecret => {
  const data = Object.entries(encodeGatewayKey(key)).filter(([name]) => name !== field);
  return { name: 'edge-key-1', type: GATEWAY_KEY_TYPE, data: Object.fromEntries(data) };
};

test.each<[string, KeySecret, string]>([
  ['of another type', { ...stored(), type: 'Opaque' }, 'is not of type peerwright.dev/gateway-key'],
  ['without type', { ...stored(), type: undefined }, 'is not of type'],
  ['without data', { name: 'edge-key-1', type: GATEWAY_KEY_TYPE }, 'data.privateKey is missing'],
  ['without private key', without('privateKey'), 'data.privateKey is missing'],
  ['without public key', without('publicKey'), 'data.publicKey is missing'],
  ['without seed', without('presharedKeySeed'), 'data.presharedKeySeed is missing'],
  ['with a broken private key', stored({ privateKey: base64('x') }), 'data.privateKey is not a private key'],
  ['with raw bytes', stored({ privateKey: revealAsBase64(key.privateKey) }), 'data.privateKey is not a private key'],
  ['with a broken public key', stored({ publicKey: '***' }), 'data.publicKey is not a public key'],
  ['with a short seed', stored({ presharedKeySeed: base64(base64('short')) }), 'data.presharedKeySeed is not 32 bytes'],
  [
    'with the public key of another pair',
    stored({ publicKey: base64(other.publicKey) }),
    'data.publicKey does not belong to data.privateKey',
  ],
])('a Secret %s is a SecretConflict that says so', (_, secret, expected) => {
  const decoded = decodeGatewayKey(secret);
  const problems = decoded.ok ? [] : decoded.problems;
  expect(problems).toEqual([
    {
      code: 'SecretConflict',
      message: expect.stringContaining(expected) as string,
      path: expect.any(String) as string,
    },
  ]);
  expect(problems[0]?.message).toContain('Secret edge-key-1');
});
