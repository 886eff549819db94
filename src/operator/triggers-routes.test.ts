import { beforeEach, expect, test } from 'vitest';
import type { GatewayStatus } from '../api/v1alpha1/gateway.ts';
import type { Prefix } from '../mesh/model.ts';
import { gatewayView, meta, nodeView, operatorWorld, PLACED } from './operator.testing.ts';
import { createQueues, type Queues } from './queues.ts';
import { connectRouteTriggers, routesSettled } from './triggers-routes.ts';
import type { PeerView } from './world/views.ts';

const SITE = '192.168.7.0/24';

let queues: Queues;
let world: ReturnType<typeof operatorWorld>;
let version = 1;

beforeEach(() => {
  world = operatorWorld();
  queues = createQueues(world.clock);
  connectRouteTriggers({ ...world, queues });
});

interface Site {
  readonly asks?: string[];
  readonly has?: string[];
  readonly stalled?: 'RouteOverlap' | 'ClusterOverlap';
}

function site(name: string, { asks = [], has = [], stalled }: Site): PeerView {
  version += 1;
  const spec = { gatewayRef: { name: 'edge' }, routes: asks };
  const condition = { type: 'Stalled', status: 'True' as const, reason: stalled ?? '', message: '' };
  const conditions = stalled && [{ ...condition, observedGeneration: 1, lastTransitionTime: '' }];
  const status = { ...(has.length > 0 && { routes: has }), ...(conditions && { conditions }) };
  return { ...meta(name, { resourceVersion: String(version) }), spec, gatewayKey: 'net/edge', status };
}

function gateway(status: GatewayStatus = PLACED, cidr = '10.90.1.0/24') {
  version += 1;
  return gatewayView(status, { spec: { pools: [{ cidr }] }, resourceVersion: String(version) });
}

/** The keys that wait in a queue, taken out. */
async function taken(queue: 'peers' | 'gateways'): Promise<string[]> {
  const keys: string[] = [];
  while (queues[queue].depth > 0) {
    const key = (await queues[queue].next(new AbortController().signal)) ?? '';
    queues[queue].done(key);
    keys.push(key);
  }
  return keys.toSorted();
}

async function given(...peers: PeerView[]): Promise<void> {
  for (const peer of peers) world.caches.peers.apply(peer);
  await taken('peers');
  await taken('gateways');
}

test('a route that a spec gives up makes those who want a part of it, or more, worth a look, and nobody else', async () => {
  await given(
    site('holder', { asks: [SITE], has: [SITE] }),
    site('part', { asks: ['192.168.7.8/29'] }),
    site('more', { asks: ['192.168.0.0/16'] }),
    site('beside', { asks: ['192.168.8.0/24'] }),
  );
  world.caches.peers.apply(site('holder', { has: [SITE] }));
  expect(await taken('peers')).toEqual(['net/holder', 'net/more', 'net/part']);
});

test('a route that goes with its peer, or with its status, makes those who want it worth a look', async () => {
  const holder = site('holder', { asks: [SITE], has: [SITE] });
  await given(holder, site('waits', { asks: [SITE] }));
  world.caches.peers.apply(site('holder', { asks: [SITE] }));
  expect(await taken('peers')).toContain('net/waits');
  world.caches.peers.remove({ ...holder, resourceVersion: String(version + 1) });
  expect(await taken('peers')).toEqual(['net/waits']);
});

test('a claim that nobody has given up disturbs nobody, however many there are', async () => {
  await given(site('a', { asks: [SITE] }), site('b', { asks: [SITE] }));
  world.caches.peers.apply(site('a', { asks: [SITE], stalled: 'RouteOverlap' }));
  world.caches.peers.apply(site('c', { asks: [SITE] }));
  expect(await taken('peers')).toEqual([]);
});

test('a route that is granted to a second peer makes the first worth a look', async () => {
  await given(site('first', { asks: [SITE], has: [SITE] }), site('wants', { asks: [SITE] }));
  world.caches.peers.apply(site('second', { asks: [SITE], has: [SITE] }));
  expect(await taken('peers')).toEqual(['net/first']);
});

test('a route that is given up makes the gateways with a pool there worth a look', async () => {
  world.caches.gateways.apply(gateway({}, '192.168.0.0/20'));
  await given(site('holder', { asks: [SITE], has: [SITE] }));
  world.caches.peers.apply(site('holder', {}));
  expect(await taken('gateways')).toEqual(['net/edge']);
});

test('pools and allowances that change make those who wait for a route worth a look, numbers do not', async () => {
  const waiting = site('waits', { asks: [SITE], stalled: 'RouteOverlap' });
  world.caches.gateways.apply(gateway());
  await given(waiting, site('has', { asks: ['10.90.1.0/25'], has: ['10.90.1.0/25'] }));
  world.caches.gateways.apply(gateway({ ...PLACED, peers: { total: 1, programmed: 0, connected: 0 } }));
  expect(await taken('peers')).toEqual([]);
  world.caches.gateways.apply(gateway({ ...PLACED, allowedPeerRoutes: [SITE] }));
  expect(await taken('peers')).toEqual(['net/has', 'net/waits']);
});

test('a pool that is granted makes those worth a look who were given a route there in the meantime', async () => {
  world.caches.gateways.apply(gateway({}, '192.168.0.0/20'));
  await given(site('has', { asks: [SITE], has: [SITE] }));
  const granted = (allocated: number) => {
    const pools = [{ cidr: '192.168.0.0/20', capacity: 0, allocated, quarantined: 0 }];
    return gateway({ ...PLACED, pools }, '192.168.0.0/20');
  };
  world.caches.gateways.apply(granted(0));
  expect(await taken('peers')).toEqual(['net/has']);
  world.caches.gateways.apply(granted(1));
  expect(await taken('peers')).toEqual([]);
});

test('networks of the cluster concern who waits for one to go, and who has a route there', async () => {
  await given(
    site('has', { asks: [SITE], has: [SITE] }),
    site('waits', { asks: ['10.1.0.0/16'], stalled: 'ClusterOverlap' }),
    site('other', { asks: ['10.2.0.0/16'], has: ['10.2.0.0/16'] }),
  );
  world.caches.nodes.apply(nodeView('n1', { addresses: [{ type: 'InternalIP', address: '192.168.7.9' }] }));
  expect(await taken('peers')).toEqual(['net/has', 'net/waits']);
  const heartbeat = { addresses: [{ type: 'InternalIP', address: '192.168.7.9' }], resourceVersion: '2' };
  world.caches.nodes.apply(nodeView('n1', { ...heartbeat, labels: { zone: 'a' } }));
  expect(await taken('peers')).toEqual([]);
  world.caches.serviceCIDRs.apply({ ...meta('s', { namespace: '' }), cidrs: ['10.2.0.0/20'] });
  expect(await taken('peers')).toContain('net/other');
});

test('what a reconcile had in hand and did not give makes the others worth a look, once', async () => {
  const peer = site('tried', { asks: [SITE] });
  await given(peer, site('waits', { asks: [SITE] }));
  world.networks.decide(peer, [SITE as Prefix]);
  routesSettled('net/tried', { ...world, queues });
  expect(await taken('peers')).toEqual(['net/waits']);
  routesSettled('net/tried', { ...world, queues });
  expect(await taken('peers')).toEqual([]);
});
