import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DesiredDevice, DesiredPeer, DeviceName, KeyFingerprint, Operation, Prefix, PublicKey } from './model.ts';
import { apply, currentOf, modelOf } from './plan.testing.ts';
import type { Model } from './plan.testing.ts';
import { planDevice } from './plan.ts';

const KEYS = Array.from({ length: 6 }, (_, index) => `key-${index}` as PublicKey);
const PREFIXES = Array.from({ length: 12 }, (_, index) => `10.0.0.${index}/32` as Prefix);
const NETWORKS = Array.from({ length: 4 }, (_, index) => `10.${index}.0.0/16` as Prefix);

const settingsArbitrary = fc.record({
  presharedKey: fc.constantFrom(undefined, 'aaaaaaaaaaaaaaaa' as KeyFingerprint, 'bbbbbbbbbbbbbbbb' as KeyFingerprint),
  endpoint: fc.constantFrom(undefined, '192.0.2.1:51820', '[2001:db8::1]:51820'),
  keepalive: fc.constantFrom(0, 25),
});

/** Every address belongs to at most one of the peers, as accepted decisions guarantee. */
const peersArbitrary = fc
  .record({
    present: fc.subarray(KEYS),
    owners: fc.array(fc.nat(), { minLength: PREFIXES.length, maxLength: PREFIXES.length }),
    settings: fc.array(settingsArbitrary, { minLength: KEYS.length, maxLength: KEYS.length }),
  })
  .map(({ present, owners, settings }) => {
    const peers = new Map<PublicKey, DesiredPeer>();
    for (const [index, publicKey] of present.entries()) {
      const { presharedKey, endpoint, keepalive = 0 } = settings[index] ?? {};
      const allowedIPs = PREFIXES.filter((_, at) => present[(owners[at] ?? 0) % KEYS.length] === publicKey);
      peers.set(publicKey, {
        publicKey,
        allowedIPs,
        ...(presharedKey === undefined ? {} : { presharedKey }),
        ...(endpoint === undefined ? {} : { endpoint }),
        persistentKeepaliveSeconds: keepalive,
      });
    }
    return peers;
  });

const deviceArbitrary: fc.Arbitrary<DesiredDevice> = fc.record({
  name: fc.constant('pw-00000001' as DeviceName),
  alias: fc.constant('peerwright:net/edge'),
  publicKey: fc.constantFrom('gateway-1' as PublicKey, 'gateway-2' as PublicKey),
  listenPort: fc.constantFrom(51840, 51841),
  mtu: fc.constantFrom(1420, 1380),
  addresses: fc.subarray(PREFIXES.slice(0, 3)),
  routes: fc.subarray(NETWORKS),
  peers: peersArbitrary,
});

const pairArbitrary = fc.tuple(fc.option(deviceArbitrary, { nil: undefined }), deviceArbitrary, fc.boolean());

describe('properties', () => {
  test('applying the plan gives the desired device', () => {
    fc.assert(
      fc.property(pairArbitrary, ([from, to, up]) => {
        const end = states(from, to, up).at(-1);
        expect(end).toEqual(modelOf(withEndpointsOf(from, to), true));
      }),
    );
  });

  test('planning again gives nothing', () => {
    fc.assert(
      fc.property(pairArbitrary, ([from, to, up]) => {
        const end = states(from, to, up).at(-1);
        expect(planDevice(end === undefined ? undefined : currentOf(end), to).operations).toEqual([]);
      }),
    );
  });

  test('the order of the input does not matter', () => {
    fc.assert(
      fc.property(pairArbitrary, ([from, to, up]) => {
        const current = from === undefined ? undefined : currentOf(modelOf(from, up));
        const mirrored = current === undefined ? undefined : { ...current, ...reversed(current) };
        expect(planDevice(mirrored, { ...to, ...reversed(to) })).toEqual(planDevice(current, to));
      }),
    );
  });

  test('no AllowedIP is ever taken from a peer that still has it, and untouched peers keep theirs', () => {
    fc.assert(
      fc.property(pairArbitrary, ([from, to, up]) => {
        for (const state of states(from, to, up)) {
          const held = [...(state?.peers.values() ?? [])].flatMap(({ allowedIPs }) => [...allowedIPs]);
          expect(held.length).toBe(new Set(held).size);
          for (const [key, prefix] of keptBoth(from, to)) expect(state?.peers.get(key)?.allowedIPs).toContain(prefix);
        }
      }),
    );
  });

  test('a peer that is the same before and after appears in no operation', () => {
    fc.assert(
      fc.property(deviceArbitrary, deviceArbitrary, (from, to) => {
        const same = [...to.peers.keys()].filter((key) => isSame(from.peers.get(key), to.peers.get(key)));
        const touched = planDevice(currentOf(modelOf(from, true)), to).operations.flatMap(peerOf);
        expect(touched.filter((key) => same.includes(key))).toEqual([]);
      }),
    );
  });

  test('what is revoked goes before anything that the system may refuse', () => {
    fc.assert(
      fc.property(deviceArbitrary, deviceArbitrary, (from, to) => {
        const types = planDevice(currentOf(modelOf(from, true)), to).operations.map(({ type }) => type);
        const removals = types.filter((type) => type === 'RemovePeer' || type === 'RemoveAllowedIPs');
        expect(types.slice(0, removals.length)).toEqual(removals);
      }),
    );
  });

  test('an AllowedIP that moves is given in the same run of peer operations in which it is taken', () => {
    fc.assert(
      fc.property(deviceArbitrary, deviceArbitrary, (from, to) => {
        const { operations } = planDevice(currentOf(modelOf(from, true)), to);
        const moved = new Set(movedBetween(from, to));
        const last = operations.findLastIndex((operation) => givenBy(operation).some((prefix) => moved.has(prefix)));
        expect(operations.slice(0, last + 1).filter((operation) => peerOf(operation).length === 0)).toEqual([]);
      }),
    );
  });

  test('an endpoint that is not desired is never set', () => {
    fc.assert(
      fc.property(pairArbitrary, ([from, to, up]) => {
        const current = from === undefined ? undefined : currentOf(modelOf(from, up));
        const { operations } = planDevice(current, to);
        const set = operations.filter(({ type }) => type === 'SetEndpoint').flatMap(peerOf);
        expect(set.filter((key) => to.peers.get(key)?.endpoint === undefined)).toEqual([]);
      }),
    );
  });

  test('the link comes up after addresses and peers, and before routes', () => {
    fc.assert(
      fc.property(deviceArbitrary, (to) => {
        const types = planDevice(undefined, to).operations.map(({ type }) => type);
        const up = types.indexOf('LinkUp');
        expect(types[0]).toBe('CreateLink');
        expect(types.slice(up + 1).every((type) => type === 'AddRoute')).toBe(true);
        expect(types.slice(0, up)).not.toContain('AddRoute');
      }),
    );
  });
});

test('a device that is no longer wanted is deleted', () => {
  const current = currentOf(modelOf(sample(), true));
  expect(planDevice(current, undefined).operations).toEqual([{ type: 'DeleteLink' }]);
});

test('a device that belongs to another gateway is made anew', () => {
  const current = { ...currentOf(modelOf(sample(), true)), alias: 'peerwright:net/other' };
  const plan = planDevice(current, sample());
  expect(plan.operations).toEqual([{ type: 'DeleteLink' }, ...planDevice(undefined, sample()).operations]);
});

test('an address that two peers exchange leaves both before either gets it', () => {
  const [a, b] = [peer(0, ['10.0.0.1/32', '10.0.0.3/32']), peer(1, ['10.0.0.2/32'])];
  const from = sample([a, b]);
  const to = sample([peer(0, ['10.0.0.2/32', '10.0.0.3/32']), peer(1, ['10.0.0.1/32'])]);
  expect(planDevice(currentOf(modelOf(from, true)), to).operations).toEqual([
    { type: 'RemoveAllowedIPs', publicKey: 'key-0', allowedIPs: ['10.0.0.1/32'] },
    { type: 'RemoveAllowedIPs', publicKey: 'key-1', allowedIPs: ['10.0.0.2/32'] },
    { type: 'AddAllowedIPs', publicKey: 'key-0', allowedIPs: ['10.0.0.2/32'] },
    { type: 'AddAllowedIPs', publicKey: 'key-1', allowedIPs: ['10.0.0.1/32'] },
  ]);
});

test('a route moves between peers before anything that the system may refuse, and its kernel route stays', () => {
  const route = '10.7.0.0/16';
  const [from, to] = [sample([peer(0, [route]), peer(1, [])]), sample([peer(0, []), peer(1, [route])])];
  expect(planDevice(currentOf(modelOf(from, true)), { ...to, mtu: 1380, listenPort: 51841 }).operations).toEqual([
    { type: 'RemoveAllowedIPs', publicKey: 'key-0', allowedIPs: [route] },
    { type: 'AddAllowedIPs', publicKey: 'key-1', allowedIPs: [route] },
    { type: 'SetMtu', mtu: 1380 },
    { type: 'SetListenPort', listenPort: 51841 },
  ]);
});

test('each setting of a live peer changes by itself', () => {
  const known = { ...peer(0, []), presharedKey: 'aaaaaaaaaaaaaaaa' as KeyFingerprint, endpoint: '192.0.2.1:51820' };
  const current = currentOf(modelOf(sample([known]), true));
  const [publicKey, endpoint] = [known.publicKey, '192.0.2.2:51820'];
  const { presharedKey: _key, ...keyless } = known;
  const operationsFor = (desired: DesiredPeer) => planDevice(current, sample([desired])).operations;
  expect(operationsFor({ ...known, presharedKey: 'bbbbbbbbbbbbbbbb' as KeyFingerprint })).toEqual([
    { type: 'SetPresharedKey', publicKey, presharedKey: 'bbbbbbbbbbbbbbbb' },
  ]);
  expect(operationsFor(keyless)).toEqual([{ type: 'SetPresharedKey', publicKey, presharedKey: 'none' }]);
  expect(operationsFor({ ...known, endpoint })).toEqual([{ type: 'SetEndpoint', publicKey, endpoint }]);
  expect(operationsFor({ ...known, persistentKeepaliveSeconds: 25 })).toEqual([
    { type: 'SetKeepalive', publicKey, persistentKeepaliveSeconds: 25 },
  ]);
});

/** The state before the plan and after each of its operations. */
function states(from: DesiredDevice | undefined, to: DesiredDevice, up: boolean): (Model | undefined)[] {
  const start = from === undefined ? undefined : modelOf(from, up);
  const all = [start];
  const plan = planDevice(start === undefined ? undefined : currentOf(start), to);
  for (const operation of plan.operations) all.push(apply(all.at(-1), operation));
  return all;
}

function keptBoth(from: DesiredDevice | undefined, to: DesiredDevice): [PublicKey, Prefix][] {
  return [...(from?.peers.values() ?? [])].flatMap(({ publicKey, allowedIPs }) =>
    allowedIPs
      .filter((prefix) => to.peers.get(publicKey)?.allowedIPs.includes(prefix) === true)
      .map((prefix): [PublicKey, Prefix] => [publicKey, prefix]),
  );
}

/** What one live peer has before and another after. */
function movedBetween(from: DesiredDevice, to: DesiredDevice): Prefix[] {
  const holders = new Map(
    [...from.peers.values()].flatMap(({ publicKey, allowedIPs }) => pairs(allowedIPs, publicKey)),
  );
  return [...to.peers.values()].flatMap(({ publicKey, allowedIPs }) =>
    allowedIPs.filter((prefix) => (holders.get(prefix) ?? publicKey) !== publicKey),
  );
}

function pairs(prefixes: readonly Prefix[], publicKey: PublicKey): [Prefix, PublicKey][] {
  return prefixes.map((prefix) => [prefix, publicKey]);
}

function givenBy(operation: Operation): readonly Prefix[] {
  if (operation.type === 'AddPeer') return operation.peer.allowedIPs;
  return operation.type === 'AddAllowedIPs' ? operation.allowedIPs : [];
}

function peerOf(operation: Operation): PublicKey[] {
  if (operation.type === 'AddPeer') return [operation.peer.publicKey];
  return 'publicKey' in operation && operation.type !== 'SetKey' ? [operation.publicKey] : [];
}

/** Whether the second asks for nothing that the first has not. */
function isSame(a: DesiredPeer | undefined, b: DesiredPeer | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const settings = ({ presharedKey, persistentKeepaliveSeconds, allowedIPs }: DesiredPeer) =>
    JSON.stringify([presharedKey, persistentKeepaliveSeconds, allowedIPs]);
  return settings(a) === settings(b) && (b.endpoint === undefined || a.endpoint === b.endpoint);
}

/** `to` as it ends up: a peer that stays and is not to be dialled anywhere keeps the endpoint that it has. */
function withEndpointsOf(from: DesiredDevice | undefined, to: DesiredDevice): DesiredDevice {
  const peers = [...to.peers].map(([key, peer]): [PublicKey, DesiredPeer] => {
    const endpoint = peer.endpoint ?? from?.peers.get(key)?.endpoint;
    return [key, endpoint === undefined ? peer : { ...peer, endpoint }];
  });
  return { ...to, peers: new Map(peers) };
}

function reversed<T extends Pick<DesiredDevice, 'addresses' | 'routes'> & { peers: ReadonlyMap<PublicKey, unknown> }>(
  device: T,
): Pick<T, 'addresses' | 'routes' | 'peers'> {
  return {
    addresses: device.addresses.toReversed(),
    routes: device.routes.toReversed(),
    peers: new Map([...device.peers].toReversed()),
  };
}

function sample(peers: DesiredPeer[] = []): DesiredDevice {
  return {
    name: 'pw-00000001' as DeviceName,
    alias: 'peerwright:net/edge',
    publicKey: 'gateway-1' as PublicKey,
    listenPort: 51840,
    mtu: 1420,
    addresses: PREFIXES.slice(0, 1),
    routes: NETWORKS.slice(0, 1),
    peers: new Map(peers.map((each) => [each.publicKey, each])),
  };
}

function peer(index: number, allowedIPs: string[]): DesiredPeer {
  const publicKey = `key-${index}` as PublicKey;
  return { publicKey, allowedIPs: allowedIPs as Prefix[], persistentKeepaliveSeconds: 0 };
}
