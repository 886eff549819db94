import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { generateIdentity } from '../../keys/identity.ts';
import type { DeviceName, Operation, Prefix, PublicKey } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { PeerView } from '../world/views.ts';
import { A, B, CORE, EDGE, gatewayOf, peerOf } from './gateway.testing.ts';
import { TestNode } from './node.testing.ts';

const SITE = '192.168.7.0/24' as Prefix;
const OTHER = '192.168.8.0/24' as Prefix;

let identity: Secret;
let edge: ConfiguredGateway;
let core: ConfiguredGateway;
let node: TestNode;

beforeAll(async () => {
  identity = await generateIdentity();
  edge = await gatewayOf('edge', { uid: '11111111-0000', octet: 90, identity });
  core = await gatewayOf('core', { uid: '22222222-0000', octet: 91, identity });
});

beforeEach(() => {
  node = new TestNode(identity);
  node.configure(edge);
});

/** A peer that asks for these routes and has them. */
function site(name: 'a' | 'b', routes: readonly string[]): PeerView {
  return peerOf(name, name === 'a' ? A : B, { routes });
}

/** A peer whose spec asks for routes while its status still has others. */
function edited(name: 'a' | 'b', asks: readonly string[], has: readonly string[]): PeerView {
  const view = { ...site(name, asks), decided: false };
  return view.granted === undefined ? view : { ...view, granted: { ...view.granted, routes: has } };
}

const routesOn = (device: DeviceName = EDGE) => [...(node.dataplane.devices.get(device)?.routes ?? [])].toSorted();
const allowedOf = (key: PublicKey) => node.dataplane.devices.get(EDGE)?.peers.get(key)?.allowedIPs;
const openedFor = (device: DeviceName = EDGE) =>
  node.dataplane.rules?.devices.find(({ name }) => name === device)?.peerRoutes;
const problemOf = (uid: string, device: DeviceName = EDGE) => node.observations.get(device)?.peers.get(uid)?.problem;

describe('the routes of peers', () => {
  it('lead to the peer and to the device, and are open in the firewall', async () => {
    node.sync(EDGE, site('a', [SITE]));
    await node.pass(EDGE);
    expect(allowedOf(A)).toEqual(['10.90.0.10/32', SITE]);
    expect(routesOn()).toEqual(['10.90.0.0/24', SITE]);
    expect(openedFor()).toEqual([SITE]);
    expect(node.observations.get(EDGE)).toMatchObject({ settled: true, problems: [] });
  });

  it("are the peer's only as long as the firewall is known to let them through", async () => {
    node.sync(EDGE, site('a', [SITE]));
    await node.pass(EDGE);
    const seen = () => node.observations.get(EDGE)?.peers.get('a')?.seen?.routes;
    expect(seen()).toEqual([SITE]);
    node.dataplane.breakFirewall = { code: 'FirewallUnavailable', message: 'nft: no' };
    await node.firewall.verify(node.signal);
    await node.pass(EDGE);
    expect(seen()).toEqual([]);
  });

  it('are open before anything leads there, and closed before what leads there goes', async () => {
    node.sync(EDGE, site('a', [SITE]), peerOf('b', B));
    const seen: [Operation['type'], readonly Prefix[] | undefined][] = [];
    const working = node.dataplane.apply.bind(node.dataplane);
    node.dataplane.apply = (plan, keys) => {
      seen.push(...plan.operations.map(({ type }) => [type, openedFor()] as [Operation['type'], readonly Prefix[]]));
      return working(plan, keys);
    };
    await node.pass(EDGE);
    expect(seen.filter(([, opened]) => opened?.includes(SITE) !== true)).toEqual([]);
    seen.splice(0);
    node.apply(EDGE, peerOf('a', A, { state: 'Disabled' }));
    await node.pass(EDGE);
    expect(seen).toEqual([
      ['RemovePeer', []],
      ['RemoveRoute', []],
    ]);
  });

  it('come back within one look when somebody takes one off the peer or off the node', async () => {
    node.sync(EDGE, site('a', [SITE]));
    await node.pass(EDGE);
    node.dataplane.devices.get(EDGE)?.routes.delete(SITE);
    await node.pass(EDGE);
    expect(routesOn()).toContain(SITE);
    const [there] = [...(node.dataplane.devices.get(EDGE)?.peers.values() ?? [])];
    if (there) node.dataplane.devices.get(EDGE)?.peers.set(A, { ...there, allowedIPs: ['10.90.0.10/32' as Prefix] });
    await node.pass(EDGE);
    expect(allowedOf(A)).toContain(SITE);
  });

  it('go at once when the gateway allows them no more, and the peer stays', async () => {
    node.sync(EDGE, site('a', [SITE, OTHER]));
    await node.pass(EDGE);
    node.configure({ ...edge, allowedPeerRoutes: [OTHER] });
    await node.pass(EDGE);
    expect([allowedOf(A), routesOn(), openedFor()]).toEqual([
      ['10.90.0.10/32', OTHER],
      ['10.90.0.0/24', OTHER],
      [OTHER],
    ]);
  });

  it('that somebody else gave to a peer do not become routes of the node', async () => {
    node.sync(EDGE, site('a', []));
    await node.pass(EDGE);
    const [there] = [...(node.dataplane.devices.get(EDGE)?.peers.values() ?? [])];
    if (there) node.dataplane.devices.get(EDGE)?.peers.set(A, { ...there, allowedIPs: [...there.allowedIPs, SITE] });
    node.done();
    await node.pass(EDGE);
    expect(node.done()).toEqual(['RemoveAllowedIPs']);
    expect(routesOn()).toEqual(['10.90.0.0/24']);
  });
});

describe('a route that goes from one peer to another', () => {
  beforeEach(async () => {
    node.sync(EDGE, site('a', [SITE]), site('b', []));
    await node.pass(EDGE);
    node.done();
  });

  const moved = ['RemoveAllowedIPs', 'AddAllowedIPs'];

  it('moves in one step when the other one has it in its status, and the route of the node stays', async () => {
    node.apply(EDGE, edited('a', [], [SITE]), site('b', [SITE]));
    await node.pass(EDGE);
    expect([node.done(), allowedOf(B)]).toEqual([moved, ['10.90.0.11/32', SITE]]);
    node.apply(EDGE, site('a', []));
    await node.pass(EDGE);
    expect(node.done()).toEqual([]);
  });

  it('waits for the status of the other one, which comes later', async () => {
    node.apply(EDGE, site('a', []), edited('b', [SITE], []));
    expect(await node.pass(EDGE)).toEqual({ againAfterMs: 1_000 });
    node.clock.advance(900);
    await node.pass(EDGE);
    expect(node.done()).toEqual([]);
    node.apply(EDGE, site('b', [SITE]));
    await node.pass(EDGE);
    expect([node.done(), routesOn(), openedFor()]).toEqual([moved, ['10.90.0.0/24', SITE], [SITE]]);
  });

  it('goes after a second when nobody gets it, from the firewall too', async () => {
    node.apply(EDGE, site('a', []));
    expect(await node.pass(EDGE)).toEqual({ againAfterMs: 1_000 });
    node.clock.advance(1_000);
    expect(await node.pass(EDGE)).toBeUndefined();
    expect([node.done(), routesOn(), openedFor()]).toEqual([['RemoveAllowedIPs', 'RemoveRoute'], ['10.90.0.0/24'], []]);
  });

  it('goes at once with its peer', async () => {
    node.apply(EDGE, peerOf('a', A, { state: 'Disabled' }));
    await node.pass(EDGE);
    expect(node.done()).toEqual(['RemovePeer', 'RemoveRoute']);
  });

  it('goes at once when another gateway of the node gets it, which then leads it', async () => {
    node.configure(edge, { ...core, allowedPeerRoutes: [SITE] });
    node.sync(EDGE, site('a', []), site('b', []));
    const theirs = peerOf('c', B, { routes: [SITE] });
    const granted = { publicKey: B, addresses: ['10.91.0.11'], routes: [SITE], presharedKey: 'None' as const };
    node.sync(CORE, { ...theirs, granted });
    expect(await node.pass(CORE)).toEqual({ againAfterMs: 500 });
    expect([routesOn(CORE), problemOf('c', CORE)?.code]).toEqual([['10.91.0.0/24'], 'RouteConflict']);
    await node.pass(EDGE);
    expect(routesOn()).toEqual(['10.90.0.0/24']);
    await node.pass(CORE);
    expect([routesOn(CORE), problemOf('c', CORE)]).toEqual([['10.91.0.0/24', SITE], undefined]);
  });
});

describe('a network that the node has already', () => {
  it('is no route of a peer, which has everything else; later it is', async () => {
    node.dataplane.foreignRoutes.add(SITE);
    node.sync(EDGE, site('a', [SITE, OTHER]));
    await node.pass(EDGE);
    expect([allowedOf(A), routesOn()]).toEqual([
      ['10.90.0.10/32', OTHER],
      ['10.90.0.0/24', OTHER],
    ]);
    expect([node.problems(EDGE), openedFor()]).toEqual([[], [OTHER]]);
    expect(problemOf('a')).toMatchObject({ code: 'RouteConflict', message: expect.stringContaining(SITE) });
    node.dataplane.foreignRoutes.clear();
    await node.pass(EDGE);
    expect([allowedOf(A), problemOf('a')]).toEqual([['10.90.0.10/32', SITE, OTHER], undefined]);
  });

  it('is a problem of the device when it is a pool, and everything else of it works', async () => {
    node.dataplane.foreignRoutes.add('10.0.0.0/8' as Prefix);
    node.sync(EDGE, site('a', [SITE]));
    await node.pass(EDGE);
    expect([node.problems(EDGE), routesOn(), allowedOf(A)]).toEqual([
      ['RouteConflict'],
      [SITE],
      ['10.90.0.10/32', SITE],
    ]);
    node.dataplane.foreignRoutes.clear();
    await node.pass(EDGE);
    expect([node.problems(EDGE), routesOn()]).toEqual([[], ['10.90.0.0/24', SITE]]);
  });

  it('is none of its business once the route is on the device', async () => {
    node.sync(EDGE, site('a', [SITE]));
    await node.pass(EDGE);
    node.dataplane.foreignRoutes.add('192.168.0.0/16' as Prefix);
    await node.pass(EDGE);
    expect([node.problems(EDGE), problemOf('a'), routesOn()]).toEqual([[], undefined, ['10.90.0.0/24', SITE]]);
  });

  it('may be the address of the API server', async () => {
    const wide = { ...edge, allowedPeerRoutes: ['10.96.0.0/12'] };
    node.configure(wide);
    node.sync(EDGE, site('a', ['10.96.0.0/24']));
    await node.pass(EDGE);
    expect(problemOf('a')).toMatchObject({ code: 'RouteConflict', message: expect.stringContaining('API server') });
  });
});
