import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { acceptPeers } from './accept-peers.ts';
import type { PeerToAccept } from './accept-peers.ts';
import { leavingRoutes } from './accept-peers-routes.ts';
import { contains, overlaps } from './ip/prefix.ts';
import type { CurrentPeer, Prefix, PublicKey } from './model.ts';

const key = (letter: string) => `${letter}gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=` as PublicKey;
const KEYS = { a: key('A'), b: key('B'), c: key('C') };
type Name = keyof typeof KEYS;

const configured = {
  publicKey: key('D'),
  addresses: ['10.90.0.1'],
  pools: ['10.90.0.0/24'],
  allowedPeerRoutes: ['192.168.0.0/16', '10.90.0.0/16', 'fd00:7::/32'],
};
const SITE = '192.168.7.0/24';
const OTHER = '192.168.8.0/24';

interface Site {
  readonly asks?: readonly string[];
  readonly has?: readonly string[];
  readonly rest?: Partial<PeerToAccept>;
}

/** Peer a is older than b, b than c; 10.90.0.10 and up are theirs. */
function peer(name: Name, { asks = [], has = asks, rest = {} }: Site = {}): PeerToAccept {
  const at = { a: 0, b: 1, c: 2 }[name];
  const granted = {
    publicKey: KEYS[name],
    addresses: [`10.90.0.${10 + at}`],
    routes: has,
    presharedKey: 'None',
  } as const;
  const times = { uid: name, creationTimestamp: `2026-01-0${1 + at}T00:00:00Z` };
  return { ...times, state: 'Enabled', publicKey: KEYS[name], routes: asks, granted, decided: true, ...rest };
}

function onDevice(name: Name, ...routes: readonly string[]): [PublicKey, CurrentPeer] {
  const allowedIPs = [`10.90.0.${10 + { a: 0, b: 1, c: 2 }[name]}/32`, ...routes] as Prefix[];
  return [KEYS[name], { publicKey: KEYS[name], allowedIPs, persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0 }];
}

interface World {
  readonly peers: readonly PeerToAccept[];
  readonly device?: readonly [PublicKey, CurrentPeer][];
  readonly lingering?: Readonly<Record<string, readonly string[]>>;
  readonly allowed?: readonly string[];
}

function accept({ peers, device = [], lingering = {}, allowed = configured.allowedPeerRoutes }: World) {
  const sets = Object.entries(lingering).map(([uid, routes]) => [uid, new Set(routes as Prefix[])] as const);
  const all = { peers, current: new Map(device), lingering: new Map(sets) };
  return acceptPeers({ configured: { ...configured, allowedPeerRoutes: [...allowed] }, ...all });
}

const routesOf = (world: World, name: Name = 'a') => accept(world).get(name)?.peer?.routes;
const problemOf = (world: World, name: Name = 'a') => accept(world).get(name)?.problem?.code;
const pending = { rest: { decided: false } };

describe('the routes of a peer', () => {
  it('are those that it asks for and was granted', () => {
    expect(accept({ peers: [peer('a', { asks: [SITE, 'fd00:7::/48'] })] }).get('a')).toEqual({
      peer: { publicKey: KEYS.a, addresses: ['10.90.0.10'], routes: [SITE, 'fd00:7::/48'], presharedKey: 'None' },
    });
  });

  it('may contain each other, as long as they are one peer’s', () => {
    const asks = ['192.168.0.0/20', SITE];
    expect(routesOf({ peers: [peer('a', { asks })] })).toEqual(asks);
  });

  test.each([
    ['that it merely asks for', { asks: [SITE], has: [], ...pending }, undefined],
    ['that are no networks', { asks: ['192.168.7.1/24'] }, 'PeerRefused'],
    ['outside what its gateway allows', { asks: ['172.16.0.0/24'] }, 'PeerRefused'],
    ['that only partly lie inside what its gateway allows', { asks: ['192.0.0.0/8'] }, 'PeerRefused'],
    ['that were granted without being asked for', { asks: [], has: [SITE] }, 'PeerRefused'],
    ['that reach into a pool, whatever its gateway allows', { asks: ['10.90.0.128/25'] }, 'PeerRefused'],
    ['around a pool, whatever its gateway allows', { asks: ['10.90.0.0/16'] }, 'PeerRefused'],
  ])('are never networks %s', (_, site, problem) => {
    const { peer: accepted, problem: found } = accept({ peers: [peer('a', site)] }).get('a') ?? {};
    expect([accepted?.routes, found?.code]).toEqual([[], problem]);
  });

  it.each(['0.0.0.0/0', '127.0.0.0/8', '169.254.0.0/16'])('are never %s, even when a gateway allows it', (route) => {
    const allowed = ['0.0.0.0/0'];
    expect(routesOf({ peers: [peer('a', { asks: [route] })], allowed })).toEqual([]);
  });

  it('do not keep it from having the others and its addresses', () => {
    const peers = [peer('a', { asks: [SITE], has: [SITE, OTHER] })];
    expect(accept({ peers }).get('a')).toMatchObject({
      peer: { addresses: ['10.90.0.10'], routes: [SITE] },
      problem: { code: 'PeerRefused', message: expect.stringContaining(OTHER) },
    });
  });

  it('go at once when the gateway allows them no more', () => {
    const world = { peers: [peer('a', { asks: [SITE], ...pending })], device: [onDevice('a', SITE)] };
    expect(routesOf(world)).toEqual([SITE]);
    expect(routesOf({ ...world, allowed: ['192.168.8.0/24'] })).toEqual([]);
    expect(routesOf({ ...world, allowed: ['192.168.8.0/24'], lingering: { a: [SITE] } })).toEqual([]);
  });

  it('stay on the device while an edit that leaves them out is not decided', () => {
    const edited = peer('a', { asks: [OTHER], has: [SITE], ...pending });
    expect(routesOf({ peers: [edited], device: [onDevice('a', SITE)] })).toEqual([SITE]);
    expect(routesOf({ peers: [edited] })).toEqual([]);
  });

  it('keep the part without a gap that an undecided edit still asks for', () => {
    const narrowed = peer('a', { asks: [SITE], has: ['192.168.0.0/16'], ...pending });
    const taker = peer('b', { asks: ['192.168.128.0/17'] });
    const device = [onDevice('a', '192.168.0.0/16')];
    expect(routesOf({ peers: [narrowed, taker], device })).toEqual([SITE]);
    expect(routesOf({ peers: [narrowed, taker], device }, 'b')).toEqual(['192.168.128.0/17']);
  });

  it('stay on the device as they are when the object cannot be read', () => {
    const invalid = { code: 'InvalidObject', message: 'bad' } as const;
    const peers = [peer('a', { asks: [], has: [SITE], rest: { invalid, decided: false } })];
    const device = [onDevice('a', SITE, OTHER)];
    expect(routesOf({ peers, device })).toEqual([SITE, OTHER]);
    expect(routesOf({ peers, device, allowed: ['192.168.8.0/24'] })).toEqual([OTHER]);
  });

  it('are no more than the device has while its key is not believed', () => {
    const peers = [peer('a', { asks: [SITE, OTHER], rest: { publicKey: KEYS.c } })];
    const world = { peers, device: [onDevice('a', SITE)] };
    expect([routesOf(world), problemOf(world)]).toEqual([[SITE], 'PeerRefused']);
  });
});

describe('a route that has left a status', () => {
  const left = { peers: [peer('a', { asks: [], has: [] })], device: [onDevice('a', SITE)] };

  it('goes, unless it may linger', () => {
    expect(routesOf(left)).toEqual([]);
    expect(routesOf({ ...left, lingering: { a: [SITE] } })).toEqual([SITE]);
  });

  it('lingers for nobody else, and nowhere but on the device', () => {
    expect(routesOf({ ...left, lingering: { b: [SITE] } })).toEqual([]);
    expect(routesOf({ ...left, device: [], lingering: { a: [SITE] } })).toEqual([]);
  });

  it('does not linger when another peer was granted something of it', () => {
    const peers = [...left.peers, peer('b', { asks: ['192.168.7.128/25'] })];
    const world = { ...left, peers, lingering: { a: [SITE] } };
    expect([routesOf(world), routesOf(world, 'b')]).toEqual([[], ['192.168.7.128/25']]);
  });

  it('is seen as leaving as long as the device has it', () => {
    const leaving = (world: World) => leavingRoutes({ configured, peers: world.peers, current: new Map(world.device) });
    expect(leaving(left)).toEqual(new Map([['a', [SITE]]]));
    expect(leaving({ ...left, device: [] })).toEqual(new Map());
    expect(leaving({ ...left, peers: [peer('a', { asks: [], has: [SITE] })] })).toEqual(new Map());
    expect(leaving({ ...left, peers: [peer('a', { rest: { state: 'Disabled' } })] })).toEqual(new Map());
    expect(leaving({ ...left, device: [onDevice('a', '172.16.0.0/24')] })).toEqual(new Map());
  });
});

describe('a route that two peers have in their status', () => {
  const asksNoMore = peer('a', { asks: [], has: [SITE], ...pending });
  const both = [peer('a', { asks: [SITE] }), peer('b', { asks: [SITE] })];

  it('belongs to the one that still asks for it', () => {
    const world = { peers: [asksNoMore, peer('b', { asks: [SITE] })], device: [onDevice('a', SITE)] };
    expect([routesOf(world), routesOf(world, 'b')]).toEqual([[], [SITE]]);
    expect([problemOf(world), problemOf(world, 'b')]).toEqual([undefined, undefined]);
  });

  it('belongs to the older one when both ask for it', () => {
    expect([routesOf({ peers: both }), routesOf({ peers: both }, 'b')]).toEqual([[SITE], []]);
    expect([problemOf({ peers: both }), problemOf({ peers: both }, 'b')]).toEqual([undefined, 'PeerRefused']);
  });

  it('belongs to the one that the device has with it when both ask for it', () => {
    const world = { peers: both, device: [onDevice('b', SITE)] };
    expect([routesOf(world), routesOf(world, 'b')]).toEqual([[], [SITE]]);
  });

  it('counts as the same when one contains the other', () => {
    const peers = [peer('b', { asks: ['192.168.0.0/16'] }), peer('a', { asks: [SITE] })];
    expect([routesOf({ peers }), routesOf({ peers }, 'b')]).toEqual([[SITE], []]);
  });
});

const NETWORKS = ['192.168.0.0/16', SITE, '192.168.7.0/25', OTHER, '172.16.0.0/12', '10.90.0.0/28', '0.0.0.0/0', 'x'];
const names = Object.keys(KEYS) as Name[];
const some = fc.subarray(NETWORKS);
const anyPeer = fc.record({
  asks: some,
  has: some,
  rest: fc.record({
    decided: fc.boolean(),
    state: fc.constantFrom('Enabled' as const, 'Enabled' as const, 'Disabled' as const),
    publicKey: fc.constantFrom(...Object.values(KEYS)),
  }),
});
const anyWorld = fc.record({
  sites: fc.tuple(anyPeer, anyPeer, anyPeer),
  there: fc.tuple(some, some, some),
  lingering: fc.dictionary(fc.constantFrom(...names), some),
  allowed: fc.subarray(['192.168.0.0/16', '192.168.7.0/24', '0.0.0.0/0', '10.0.0.0/8']),
});

describe('whatever statuses, specs and the device say', () => {
  const check = (property: (world: World, given: { name: Name; routes: readonly Prefix[] }[]) => void) =>
    fc.assert(
      fc.property(anyWorld, ({ sites, there, lingering, allowed }) => {
        const peers = names.map((name, index) => peer(name, sites[index]));
        const device = names.map((name, index) => onDevice(name, ...(there[index] ?? [])));
        const world = { peers, device, lingering, allowed };
        const accepted = accept(world);
        const given = names.map((name) => ({ name, routes: accepted.get(name)?.peer?.routes ?? [] }));
        property(world, given);
        const mirrored = accept({ ...world, peers: peers.toReversed(), device: device.toReversed() });
        for (const name of names) expect(mirrored.get(name)).toEqual(accepted.get(name));
      }),
      { numRuns: 500 },
    );

  it('no two peers have routes that overlap', () => {
    check((_, given) => {
      for (const one of given)
        for (const other of given) {
          if (one === other) continue;
          const shared = one.routes.filter((route) => other.routes.some((theirs) => overlaps(route, theirs)));
          expect(shared).toEqual([]);
        }
    });
  });

  it('no route lies outside what the gateway allows, or touches a pool', () => {
    check(({ allowed = [] }, given) => {
      for (const route of given.flatMap(({ routes }) => routes)) {
        expect(allowed.some((outer) => contains(outer as Prefix, route))).toBe(true);
        expect(overlaps(route, '10.90.0.0/24' as Prefix)).toBe(false);
      }
    });
  });

  it('no route comes to the device that is not both granted and asked for', () => {
    check(({ peers, device = [] }, given) => {
      for (const { name, routes } of given) {
        const { granted, routes: asked } = peers.find(({ uid }) => uid === name) ?? peer(name);
        const there = new Map(device).get(KEYS[name])?.allowedIPs ?? [];
        const isIn = (route: Prefix, outer: readonly string[] = []) =>
          outer.some((network) => network !== 'x' && contains(network as Prefix, route));
        const added = routes.filter((route) => !there.includes(route));
        expect(added.filter((route) => !isIn(route, asked) || !isIn(route, granted?.routes))).toEqual([]);
      }
    });
  });
});
