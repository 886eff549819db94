import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptPeers } from './accept-peers.ts';
import type { Granted, PeerToAccept } from './accept-peers.ts';
import type { CurrentPeer, Prefix, PublicKey } from './model.ts';

const key = (letter: string) => `${letter}gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=` as PublicKey;
const [A, B, C, GATEWAY] = [key('A'), key('B'), key('C'), key('D')];
const configured = {
  publicKey: GATEWAY,
  addresses: ['10.90.0.1', 'fd00:90::1'],
  pools: ['10.90.0.0/24', 'fd00:90::/64'],
};

function peer(rest: Partial<PeerToAccept> = {}): PeerToAccept {
  const granted = grant(rest.publicKey ?? A, '10.90.0.7', 'fd00:90::7');
  const times = { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { ...times, state: 'Enabled', publicKey: A, routes: [], granted, decided: true, ...rest };
}

function grant(publicKey: string, ...addresses: string[]): Granted {
  return { publicKey, addresses, routes: [], presharedKey: 'None' };
}

function onDevice(publicKey: PublicKey, ...allowedIPs: string[]): [PublicKey, CurrentPeer] {
  const counters = { persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0 };
  return [publicKey, { publicKey, allowedIPs: allowedIPs as Prefix[], ...counters }];
}

function accept(peers: readonly PeerToAccept[], ...current: [PublicKey, CurrentPeer][]) {
  return acceptPeers({ configured, peers, current: new Map(current) });
}

const NO_ROUTES = { routes: [], presharedKey: 'None' };
const programmed = { peer: { publicKey: A, addresses: ['10.90.0.7', 'fd00:90::7'], ...NO_ROUTES } };
const held = onDevice(A, '10.90.0.7/32');
const asHeld = { publicKey: A, addresses: ['10.90.0.7'], routes: [], presharedKey: 'Kept' };

describe('acceptPeers', () => {
  it('takes key and addresses of the last decision', () => {
    expect(accept([peer()]).get('a')).toEqual(programmed);
  });

  it('takes any key for a spec that leaves it to the operator', () => {
    const { publicKey: _, ...madeByUs } = peer({ granted: grant(B, '10.90.0.7') });
    expect(accept([madeByUs]).get('a')).toMatchObject({ peer: { publicKey: B } });
    expect(accept([{ ...madeByUs, granted: grant(GATEWAY, '10.90.0.7') }]).get('a')?.peer).toBeUndefined();
  });

  it('takes the preshared key of the last decision, and keeps that of the device without one', () => {
    const granted = { ...grant(A, '10.90.0.7'), presharedKey: 'Derived' as const };
    const edited = peer({ publicKey: B, granted, decided: false });
    expect(accept([peer({ granted })]).get('a')?.peer?.presharedKey).toBe('Derived');
    expect(accept([edited], held).get('a')?.peer?.presharedKey).toBe('Kept');
  });

  it.each([
    ['a disabled peer', { state: 'Disabled' as const }],
    ['a disabled peer with a bad status', { state: 'Disabled' as const, granted: grant(B) }],
    ['a peer with no address yet', { granted: grant(A) }],
  ])('wants nothing of %s on the device, without a problem', (_, rest) => {
    expect(accept([peer(rest)], held).get('a')).toEqual({});
  });

  it('wants nothing of an undecided peer', () => {
    const { granted: _, ...undecided } = peer();
    expect(accept([undecided]).get('a')).toEqual({});
  });

  const REFUSALS: readonly [string, Partial<PeerToAccept>, string][] = [
    ['outside the pools', { granted: grant(A, '10.91.0.7') }, '10.91.0.7'],
    ["the gateway's own", { granted: grant(A, '10.90.0.1') }, "gateway's own address"],
    ['two of one family', { granted: grant(A, '10.90.0.7', '10.90.0.8') }, 'one family'],
    ['not canonical', { granted: grant(A, '10.90.0.07') }, '10.90.0.07'],
    ['under another key', { granted: grant(B, '10.90.0.7') }, 'spec.publicKey'],
    ['under a key that is none', { granted: grant('x', '10.90.0.7') }, 'unusable'],
    ["under the gateway's key", { publicKey: GATEWAY }, 'gateway itself'],
  ];

  it.each(REFUSALS)('refuses an address %s', (_, rest, words) => {
    const { peer: wanted, problem } = accept([peer(rest)]).get('a') ?? {};
    expect(wanted).toBeUndefined();
    expect(problem).toMatchObject({ code: 'PeerRefused', message: expect.stringContaining(words) });
  });

  it.each(REFUSALS.slice(0, 6))('keeps what the device has of a peer that is refused an address %s', (_, rest) => {
    expect(accept([peer(rest)], held).get('a')).toMatchObject({ peer: asHeld, problem: { code: 'PeerRefused' } });
  });

  it.each(['10.91.0.7/32', '10.90.0.0/24', '10.90.0.1/32'])('keeps nothing of a refused peer that has %s', (there) => {
    const granted = grant(A, '10.91.0.7');
    expect(accept([peer({ granted })], onDevice(A, there)).get('a')?.peer).toBeUndefined();
  });

  it('takes another key in a spec that is not decided yet for an edit, not for a problem', () => {
    const edited = peer({ publicKey: B, granted: grant(A, '10.90.0.7'), decided: false });
    expect(accept([edited], held).get('a')).toEqual({ peer: asHeld });
  });

  it('keeps what the device has of an object that cannot be read', () => {
    const invalid = { code: 'InvalidObject', message: 'bad' } as const;
    expect(accept([peer({ invalid })], held).get('a')).toEqual({ peer: asHeld, problem: invalid });
  });

  const later = { uid: 'b', creationTimestamp: '2026-02-01T00:00:00Z' };

  it('gives a key or an address that two have to the older one', () => {
    const sameKey = peer({ ...later, granted: grant(A, '10.90.0.9') });
    const sameAddress = peer({ ...later, publicKey: B });
    for (const rival of [sameKey, sameAddress]) {
      const result = accept([rival, peer()]);
      expect(result.get('a')).toEqual(programmed);
      expect(result.get('b')).toMatchObject({ problem: { code: 'PeerRefused' } });
      expect(result.get('b')?.peer).toBeUndefined();
    }
  });

  it('gives an address that two have to the one that is on the device with it, whatever their age', () => {
    const younger = peer({ ...later, publicKey: B, granted: grant(B, '10.90.0.7') });
    const result = accept([peer(), younger], onDevice(B, '10.90.0.7/32'));
    expect(result.get('b')).toEqual({ peer: grant(B, '10.90.0.7') });
    expect(result.get('a')).toMatchObject({ problem: { code: 'PeerRefused' } });
  });

  it('leaves a loser what it has on the device', () => {
    const moved = peer({ ...later, publicKey: B });
    const result = accept([peer(), moved], onDevice(A, '10.90.0.7/32'), onDevice(B, '10.90.0.9/32'));
    expect(result.get('b')).toMatchObject({ peer: { publicKey: B, addresses: ['10.90.0.9'] }, problem: {} });
  });

  it('gives nobody the key of another peer by merely asking for it, not even when that one goes', () => {
    const asking = peer({ publicKey: B, granted: grant(A, '10.90.0.9'), decided: false });
    const holder = peer({ ...later, publicKey: B, granted: grant(B, '10.90.0.7') });
    const both = accept([asking, holder], onDevice(B, '10.90.0.7/32'));
    expect([both.get('a'), both.get('b')]).toEqual([{}, { peer: grant(B, '10.90.0.7') }]);
    expect(accept([asking], onDevice(B, '10.90.0.7/32')).get('a')).toEqual({});
  });

  it('never lets a key or an address appear twice, whatever statuses say', () => {
    const text = fc.constantFrom('10.90.0.7', '10.90.0.8', 'fd00:90::7', '10.91.0.1');
    const someKey = fc.constantFrom(A, B, C);
    const granted = fc
      .tuple(someKey, fc.array(text, { maxLength: 2 }))
      .map(([publicKey, addresses]) => grant(publicKey, ...addresses));
    const some = fc.record({ publicKey: someKey, granted, decided: fc.boolean() });
    const there = fc.uniqueArray(fc.tuple(someKey, fc.array(text.map((one) => `${one}/32`))), {
      selector: ([one]) => one,
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), there, (specs, device) => {
        const peers = specs.map((spec, index) => peer({ uid: `p${index}`, ...spec }));
        const current = device.map(([publicKey, allowed]) => onDevice(publicKey, ...allowed));
        const wanted = [...accept(peers, ...current).values()].flatMap((one) => one.peer ?? []);
        const things = wanted.flatMap(({ publicKey, addresses }) => [publicKey, ...new Set(addresses)]);
        expect(new Set(things).size).toBe(things.length);
        expect(things).not.toContain('10.91.0.1');
      }),
    );
  });
});
