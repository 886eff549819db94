import { describe, expect, it } from 'vitest';
import type { Prefix, PublicKey } from '../model.ts';
import { checkPeer } from './peer.ts';
import type { PeerToCheck } from './peer.ts';

const KEY = 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as PublicKey;
const GATEWAY_KEY = 'AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as PublicKey;
const OLD = '2026-01-01T00:00:00Z';
const NEW = '2026-06-01T00:00:00Z';

function check(rest: Partial<PeerToCheck['peer']> = {}, input: Partial<PeerToCheck> = {}) {
  const peer = { uid: 'me', creationTimestamp: NEW, gatewayName: 'edge', publicKey: KEY, ...rest };
  return checkPeer({ peer, gateway: { accepted: true, publicKey: GATEWAY_KEY }, samePublicKey: [], ...input });
}

const other = (rest: Partial<PeerToCheck['samePublicKey'][number]> = {}) => ({
  name: 'branch-1',
  uid: 'other',
  creationTimestamp: NEW,
  granted: false,
  ...rest,
});

describe('checkPeer', () => {
  it('accepts a peer with a key of its own on a ready gateway', () => {
    expect(check()).toBeUndefined();
  });

  it('says which gateway is missing', () => {
    const peer = { uid: 'me', creationTimestamp: NEW, gatewayName: 'edge', publicKey: KEY };
    expect(checkPeer({ peer, samePublicKey: [] })).toEqual({
      code: 'GatewayNotFound',
      path: 'spec.gatewayRef.name',
      message: 'spec.gatewayRef.name edge names no gateway of this namespace; create it, or the peer anew.',
    });
  });

  it.each([{ accepted: false }, { accepted: false, publicKey: GATEWAY_KEY }, { accepted: true }])(
    'waits for a gateway that is %j',
    (gateway) => {
      expect(check({}, { gateway })).toMatchObject({ code: 'GatewayNotReady', path: 'spec.gatewayRef.name' });
    },
  );

  it.each([
    ['x', 'canonical base64'],
    ['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'low-order'],
  ])('refuses %s as a key, before anything that needs waiting', (publicKey, why) => {
    const problem = check({ publicKey }, { gateway: { accepted: false } });
    expect(problem).toMatchObject({ code: 'InvalidObject', path: 'spec.publicKey' });
    expect(problem?.message).toContain(why);
  });

  it('looks at no key of a peer that brings none', () => {
    const { publicKey: _, ...keyless } = { uid: 'me', creationTimestamp: NEW, gatewayName: 'edge', publicKey: KEY };
    const rivals = [other({ granted: true })];
    const gateway = { accepted: true, publicKey: GATEWAY_KEY };
    expect(checkPeer({ peer: keyless, gateway, samePublicKey: rivals })).toBeUndefined();
    expect(checkPeer({ peer: keyless, samePublicKey: rivals })?.code).toBe('GatewayNotFound');
  });

  it("refuses the gateway's own key", () => {
    const problem = check({ publicKey: GATEWAY_KEY, grantedPublicKey: GATEWAY_KEY });
    expect(problem).toMatchObject({ code: 'PublicKeyInUse', path: 'spec.publicKey' });
    expect(problem?.message).toContain('gateway edge');
  });

  it('refuses an endpoint that no remote machine can have, before anything that needs waiting', () => {
    const bounds = { pools: ['10.90.0.0/16' as Prefix], routes: ['192.168.7.0/24' as Prefix] };
    const codeFor = (host: string) => check({ endpoint: { host, ...bounds } }, { gateway: { accepted: false } })?.code;
    expect(['127.0.0.1', '10.90.0.9', '192.168.7.9', '203.0.113.9', 'branch.example'].map(codeFor)).toEqual([
      'EndpointNotAllowed',
      'EndpointNotAllowed',
      'EndpointNotAllowed',
      'GatewayNotReady',
      'GatewayNotReady',
    ]);
  });

  it.each([
    ['granted to the other', { creationTimestamp: OLD }, { granted: true }, 'PublicKeyInUse'],
    ['granted to me', { grantedPublicKey: KEY }, { creationTimestamp: OLD }, undefined],
    ['granted to nobody, the other is older', {}, { creationTimestamp: OLD }, 'PublicKeyInUse'],
    ['granted to nobody, I am older', { creationTimestamp: OLD }, {}, undefined],
    ['granted to nobody, same age, lower uid', {}, {}, undefined],
    [
      'granted to both, the other is older',
      { grantedPublicKey: KEY },
      { granted: true, creationTimestamp: OLD },
      'PublicKeyInUse',
    ],
    ['granted another key to me', { grantedPublicKey: GATEWAY_KEY }, { creationTimestamp: OLD }, 'PublicKeyInUse'],
  ])('a key that two peers have: %s', (...[, self, holder, code]) => {
    expect(check(self, { samePublicKey: [other(holder)] })?.code).toBe(code);
  });

  it('names the peer that has the key, and is not disturbed by itself', () => {
    const itself = other({ uid: 'me', granted: true });
    expect(check({}, { samePublicKey: [itself] })).toBeUndefined();
    expect(check({}, { samePublicKey: [itself, other({ granted: true })] })?.message).toBe(
      `spec.publicKey ${KEY} is the key of peer branch-1; give this peer a key pair of its own.`,
    );
  });
});
