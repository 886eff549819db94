import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DesiredDevice, DesiredPeer, DeviceName, Operation, Prefix, PublicKey } from './model.ts';
import { apply, currentOf, modelOf } from './plan.testing.ts';
import type { Model } from './plan.testing.ts';
import { planDevice } from './plan.ts';

const KEYS = Array.from({ length: 6 }, (_, index) => `key-${index}` as PublicKey);
const PREFIXES = Array.from({ length: 12 }, (_, index) => `10.0.0.${index}/32` as Prefix);
const NETWORKS = Array.from({ length: 4 }, (_, index) => `10.${index}.0.0/16` as Prefix);

/** Every address belongs to at most one of the peers, as accepted decisions guarantee. */
const peersArbitrary = fc
  .record({
    present: fc.subarray(KEYS),
    owners: fc.array(fc.nat(), { minLength: PREFIXES.length, maxLength: PREFIXES.length }),
  })
  .map(({ present, owners }) => {
    const peers = new Map<PublicKey, DesiredPeer>();
    for (const publicKey of present) {
      const allowedIPs = PREFIXES.filter((_, index) => present[(owners[index] ?? 0) % KEYS.length] === publicKey);
      peers.set(publicKey, { publicKey, allowedIPs });
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
        expect(end).toEqual(modelOf(to, true));
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
          const held = [...(state?.peers.values() ?? [])].flatMap((prefixes) => [...prefixes]);
          expect(held.length).toBe(new Set(held).size);
          for (const [key, prefix] of keptBoth(from, to)) expect(state?.peers.get(key)).toContain(prefix);
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

function peerOf(operation: Operation): PublicKey[] {
  if (operation.type === 'AddPeer') return [operation.peer.publicKey];
  const named = ['RemovePeer', 'AddAllowedIPs', 'RemoveAllowedIPs'].includes(operation.type);
  return named && 'publicKey' in operation ? [operation.publicKey] : [];
}

function isSame(a: DesiredPeer | undefined, b: DesiredPeer | undefined): boolean {
  return a !== undefined && a.allowedIPs.join() === b?.allowedIPs.join();
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
  return { publicKey: `key-${index}` as PublicKey, allowedIPs: allowedIPs as Prefix[] };
}
