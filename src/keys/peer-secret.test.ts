import { describe, expect, it, test } from 'vitest';
import type { ClientConfig } from '../mesh/client-config.ts';
import { generateKeyPair } from './key-pair.ts';
import { decodePeerPair, encodePeerSecret, PEER_CONFIG_TYPE, peerSecretName, type PeerKeys } from './peer-secret.ts';
import { generateSeed } from './seed.ts';
import { revealAsBase64 } from './text.ts';

const pair = generateKeyPair();
const other = generateKeyPair();
const presharedKey = generateSeed();
const config: ClientConfig = {
  namespace: 'net',
  peer: 'laptop',
  gateway: 'edge',
  publicKey: pair.publicKey,
  addresses: ['10.90.1.7/32'],
  dns: [],
  gatewayPublicKey: other.publicKey,
  allowedIPs: ['10.90.0.0/16'],
  persistentKeepaliveSeconds: 25,
};

function textsOf(keys: PeerKeys): Record<string, string> {
  const data = Object.entries(encodePeerSecret(config, keys));
  return Object.fromEntries(data.map(([name, text]) => [name, Buffer.from(text, 'base64').toString()]));
}

describe('the Secret of a peer', () => {
  it('has the pair that the operator made, and a file that is complete', () => {
    const texts = textsOf({ pair, presharedKey });
    expect(Object.keys(texts).toSorted()).toEqual(['privateKey', 'publicKey', 'wg.conf']);
    expect([texts['privateKey'], texts['publicKey']]).toEqual([revealAsBase64(pair.privateKey), pair.publicKey]);
    expect(texts['wg.conf']).toContain(`\nPrivateKey = ${revealAsBase64(pair.privateKey)}\n`);
    expect(texts['wg.conf']).toContain(`\nPresharedKey = ${revealAsBase64(presharedKey)}\n`);
  });

  it('has no preshared key in any form when there is none', () => {
    expect(textsOf({ pair })['wg.conf']).not.toContain('PresharedKey');
  });

  it('has only the preshared key for a peer with a key of its own, and a file to complete', () => {
    const texts = textsOf({ presharedKey });
    expect(Object.keys(texts).toSorted()).toEqual(['presharedKey', 'wg.conf']);
    expect(texts['presharedKey']).toBe(revealAsBase64(presharedKey));
    expect(texts['wg.conf']).toMatch(new RegExp(`\\n# Add here: PrivateKey = .*${escaped(pair.publicKey)}\\n`));
    expect(texts['wg.conf']).not.toMatch(/^PrivateKey/m);
  });

  it('is named after the peer', () => {
    expect(peerSecretName('laptop')).toBe('laptop-wireguard');
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[+/=]/g, '[$&]');
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const stored = (data: Record<string, string> = {}, type = PEER_CONFIG_TYPE) => ({
  name: 'laptop-wireguard',
  type,
  data: { ...encodePeerSecret(config, { pair, presharedKey }), ...data },
});

test('the pair that was encoded decodes to the same', () => {
  const decoded = decodePeerPair(stored());
  if (!decoded.ok) throw new Error('not decoded');
  expect(decoded.value?.publicKey).toBe(pair.publicKey);
  expect(decoded.value?.privateKey.reveal()).toEqual(pair.privateKey.reveal());
});

test('a Secret that was never to hold a pair decodes to none', () => {
  const data = encodePeerSecret(config, { presharedKey });
  expect(decodePeerPair({ ...stored(), data })).toEqual({ ok: true, value: undefined });
});

const without = (field: string) => {
  const data = Object.entries(encodePeerSecret(config, { pair })).filter(([name]) => name !== field);
  return { ...stored(), data: Object.fromEntries(data) };
};

test.each([
  ['of another type', stored({}, 'Opaque'), 'is not of type peerwright.dev/peer-config'],
  ['without data', { ...stored(), data: undefined }, 'data.privateKey is missing'],
  ['without private key', without('privateKey'), 'data.privateKey is missing'],
  ['without public key', without('publicKey'), 'data.publicKey is missing'],
  ['with a broken private key', stored({ privateKey: base64('x') }), 'data.privateKey is not a private key'],
  ['with a broken public key', stored({ publicKey: '***' }), 'data.publicKey is not a public key'],
  [
    'with the public key of another pair',
    stored({ publicKey: base64(other.publicKey) }),
    'data.publicKey does not belong to data.privateKey',
  ],
])('a Secret %s is a SecretConflict that says so, and not what is in it', (_, secret, expected) => {
  const decoded = decodePeerPair(secret);
  const [problem] = decoded.ok ? [] : decoded.problems;
  expect(problem?.code).toBe('SecretConflict');
  expect(problem?.message).toContain(
    `Secret laptop-wireguard ${expected.startsWith('data') ? 'is damaged: ' : ''}${expected}`,
  );
  expect(JSON.stringify(decoded)).not.toContain(revealAsBase64(pair.privateKey).slice(4, 20));
});
