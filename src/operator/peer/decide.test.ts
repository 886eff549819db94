import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../mesh/address-book.ts';
import { addressesOn, MemoryBlocks } from '../addresses/addresses.testing.ts';
import { KEY_A, KEY_B } from '../operator.testing.ts';
import type { GatewayView } from '../world/views.ts';
import { decidePeer } from './decide.ts';
import { decidedStatus, edge, filesWorld, somePeer, valueOf, type SomePeer } from './secrets.testing.ts';

const { signal } = new AbortController();
const NAME = 'net/p-wireguard';
const ALLOWING = edge({ allowedPeerRoutes: ['192.168.0.0/16'] }, { allowedPeerRoutes: ['192.168.0.0/16'] });

function scene() {
  const world = filesWorld();
  const book = new AddressBook();
  const addresses = addressesOn(new MemoryBlocks(), { book });
  const decide = (given: SomePeer, gateway: GatewayView | null = ALLOWING) => {
    const peer = somePeer(given);
    world.caches.peers.apply(peer);
    if (gateway) world.caches.gateways.apply(gateway);
    return decidePeer({ peer, gateway: gateway ?? undefined }, { ...world, addresses }, signal);
  };
  const rival = (spec: SomePeer) =>
    world.caches.peers.apply({ ...somePeer({ uid: 'uid-rival', ...spec }), name: 'rival' });
  return { ...world, book, decide, rival };
}

const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code);

describe('what is decided about a peer', () => {
  it('is its addresses, its routes, the key that was made, and the Secret with it', async () => {
    const { decide, client } = scene();
    const { decision, problems, final } = await decide({ spec: { routes: ['192.168.7.0/24'] } });
    expect({ problems, final }).toEqual({ problems: [], final: true });
    expect(decision).toEqual({
      addresses: [expect.stringContaining('10.90.1.')],
      publicKey: valueOf(client.stored.get(NAME), 'publicKey'),
      routes: ['192.168.7.0/24'],
      presharedKey: 'Derived',
      configSecret: 'p-wireguard',
    });
    expect(valueOf(client.stored.get(NAME), 'wg.conf')).toContain(`Address = ${decision?.addresses[0]}/32`);
  });

  it.each([
    { spec: { publicKey: KEY_A }, presharedKey: 'None', hasSecret: false },
    { spec: { publicKey: KEY_A, presharedKey: { type: 'Derived' } }, presharedKey: 'Derived', hasSecret: true },
    { spec: {}, presharedKey: 'Derived', hasSecret: true },
    { spec: { presharedKey: { type: 'None' } }, presharedKey: 'None', hasSecret: true },
  ] as const)('of $spec is the preshared key $presharedKey', async ({ spec, presharedKey, hasSecret }) => {
    const { decide, client } = scene();
    const { decision } = await decide({ spec });
    expect([decision?.presharedKey, decision?.configSecret !== undefined]).toEqual([presharedKey, hasSecret]);
    expect(client.stored.has(NAME)).toBe(hasSecret);
  });
});

describe('a peer that is refused', () => {
  it.each([
    ['a route that is not allowed', { routes: ['10.1.0.0/16'] }, 'RouteNotAllowed'],
    ['an address outside the pools', { addresses: ['10.91.0.1'] }, 'AddressOutOfPool'],
    ["the gateway's key", { publicKey: edge().status.publicKey ?? '' }, 'PublicKeyInUse'],
  ])('for %s gets no Secret', async (_, spec, code) => {
    const { decide, client } = scene();
    const outlook = await decide({ spec });
    expect([codes(outlook.problems), outlook.decision, outlook.final]).toEqual([[code], undefined, false]);
    expect([client.stored.size, client.calls]).toEqual([0, []]);
  });

  it('for a route gets no address', async () => {
    const { decide, book } = scene();
    await decide({ spec: { routes: ['10.1.0.0/16'] } });
    expect(book.addressesOf('uid-p')).toEqual([]);
  });

  it('for a Secret in its way keeps what it had', async () => {
    const { decide, client } = scene();
    client.put({ metadata: { namespace: 'net', name: 'p-wireguard' }, type: 'Opaque' });
    const fresh = await decide({});
    expect([codes(fresh.problems), fresh.decision, fresh.isAboutSecret]).toEqual([['SecretConflict'], undefined, true]);
    const granted = await decide({ status: decidedStatus(KEY_A), generation: 2 });
    expect([codes(granted.problems), granted.decision?.publicKey]).toEqual([['SecretConflict'], KEY_A]);
  });

  it('for the key that a person put into its Secret is told to delete that', async () => {
    const { decide, client, rival } = scene();
    const { decision } = await decide({});
    rival({ spec: { publicKey: decision?.publicKey ?? '' }, status: decidedStatus(decision?.publicKey ?? '') });
    const outlook = await decide({});
    expect(outlook.problems).toEqual([
      { code: 'PublicKeyInUse', message: expect.stringMatching(/^Secret p-wireguard .* delete it/) as string },
    ]);
    expect(client.stored.has(NAME)).toBe(true);
    client.stored.delete(NAME);
    const mended = await decide({});
    expect([mended.problems, mended.final]).toEqual([[], true]);
    expect(mended.decision?.publicKey).not.toBe(decision?.publicKey);
  });
});

describe('the routes of a peer that is Stalled', () => {
  const status = decidedStatus(KEY_B, { routes: ['192.168.7.0/24', '192.168.8.0/24'] });
  const asked = ['192.168.7.0/24', '192.168.9.0/24'];

  it.each<[string, SomePeer['spec'], readonly string[]]>([
    [
      'for another reason are those granted that its spec still asks for',
      { publicKey: KEY_A, routes: asked },
      ['192.168.7.0/24'],
    ],
    ['for a route are the same', { routes: [...asked, '10.1.0.0/16'] }, ['192.168.7.0/24']],
    ['and asks for none are none', { publicKey: KEY_A }, []],
  ])('%s', async (_, spec, kept) => {
    const { decide, rival } = scene();
    rival({ spec: { publicKey: KEY_A }, status: decidedStatus(KEY_A) });
    const { decision, problems } = await decide({ spec: spec ?? {}, status, generation: 2 });
    expect([problems.length, decision?.routes, decision?.publicKey]).toEqual([1, kept, KEY_B]);
  });

  it('are the same while there is no gateway', async () => {
    const { decide } = scene();
    const { decision, problems } = await decide({ spec: { routes: asked }, status, generation: 2 }, null);
    expect([codes(problems), decision?.routes]).toEqual([['GatewayNotFound'], ['192.168.7.0/24']]);
  });

  it('are the same while a gateway of the same name that was made anew is not decided about', async () => {
    const { decide } = scene();
    const anew = { ...edge({}, { allowedPeerRoutes: ['192.168.0.0/16'] }), uid: 'uid-anew', status: {} };
    const { decision, waiting } = await decide({ spec: { routes: asked }, status, generation: 2 }, anew);
    expect([waiting?.code, decision?.routes]).toEqual(['GatewayNotReady', ['192.168.7.0/24']]);
  });

  it('are withdrawn with the allowance', async () => {
    const { decide } = scene();
    const { decision, problems } = await decide({ spec: { routes: ['192.168.7.0/24'] }, status }, edge());
    expect([codes(problems), decision?.routes]).toEqual([['RouteNotAllowed'], []]);
  });
});

it('a route that the gateway is about to allow is waited for', async () => {
  const { decide } = scene();
  const gateway = edge({}, { allowedPeerRoutes: ['192.168.0.0/16'] });
  const { waiting, problems } = await decide({ spec: { routes: ['192.168.7.0/24'] } }, gateway);
  expect([waiting?.code, problems]).toEqual(['GatewayNotReady', []]);
});
