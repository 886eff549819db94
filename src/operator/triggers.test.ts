import { beforeEach, expect, test } from 'vitest';
import { AddressBook } from '../mesh/address-book.ts';
import { allocation, addressesOn, MemoryBlocks } from './addresses/addresses.testing.ts';
import { gatewayView, KEY_A, meta, nodeView, operatorWorld, peerView, PLACED } from './operator.testing.ts';
import { createQueues, type Queues } from './queues.ts';
import { connectTriggers } from './triggers.ts';

const INSIDE = { namespace: 'peerwright-system' };
const cidr = '10.90.1.0/24';
const block = (resourceVersion: string, allocations: ReturnType<typeof allocation>[]) => ({
  ...meta('v4-0a5a0100', { ...INSIDE, resourceVersion }),
  spec: { cidr, allocations },
});

let queues: Queues;
let world: ReturnType<typeof operatorWorld>;

beforeEach(() => {
  world = operatorWorld();
  queues = createQueues(world.clock);
  const book = new AddressBook();
  const addresses = addressesOn(new MemoryBlocks(), { book });
  connectTriggers({ ...world, queues, addresses, book, configNamespace: 'peerwright-system' });
});

/** The keys that wait in a queue, taken out. */
async function taken(queue: keyof Queues): Promise<string[]> {
  const keys: string[] = [];
  while (queues[queue].depth > 0) {
    const key = (await queues[queue].next(new AbortController().signal)) ?? '';
    queues[queue].done(key);
    keys.push(key);
  }
  return keys.toSorted();
}

async function nothingWaits(): Promise<void> {
  for (const queue of ['gateways', 'nodes', 'peers', 'blocks'] as const) await taken(queue);
}

test('a record taken out of a block makes its living peer worth a look; a quarantined one does not', async () => {
  for (const name of ['live', 'left', 'stays']) world.caches.peers.apply(peerView(name));
  const before = [allocation(1, 'live'), allocation(2, 'left', '2026-01-01T00:00:00Z'), allocation(3, 'stays')];
  world.caches.blocks.apply(block('5', [...before, allocation(4, 'dead')]));
  await nothingWaits();
  world.caches.blocks.apply(block('6', [allocation(3, 'stays')]));
  expect(await taken('peers')).toEqual(['net/live']);
  world.caches.blocks.remove(block('7', []));
  expect(await taken('peers')).toEqual(['net/stays']);
});

test('a block that could not be read makes those with addresses in it worth a look, however it becomes readable', async () => {
  for (const [name, address] of [
    ['inside', '10.90.1.7'],
    ['outside', '10.90.2.7'],
  ] as const)
    world.caches.peers.apply(peerView(name, { status: { addresses: [address], publicKey: KEY_A } }));
  const invalid = { code: 'BlockCorrupt', message: 'm' } as const;
  const corrupt = (resourceVersion: string) => ({ ...meta('v4-0a5a0100', { ...INSIDE, resourceVersion }), invalid });
  world.caches.blocks.apply(corrupt('5'));
  await nothingWaits();
  world.caches.blocks.apply(block('6', []));
  expect(await taken('peers')).toEqual(['net/inside']);
  world.caches.blocks.apply(corrupt('7'));
  await nothingWaits();
  world.caches.blocks.remove(corrupt('8'));
  expect(await taken('peers')).toEqual(['net/inside']);
});

test('a port that a gateway gives up makes all gateways worth a look', async () => {
  world.caches.gateways.apply(gatewayView(PLACED));
  world.caches.gateways.apply(gatewayView({}, { ...meta('other') }));
  await nothingWaits();
  world.caches.gateways.apply(gatewayView({ ...PLACED, listenPort: 51841 }, { resourceVersion: '2' }));
  expect(await taken('gateways')).toEqual(['net/edge', 'net/other']);
});

test('a peer that is first seen with a key that was granted to it makes the others with that key worth a look', async () => {
  world.caches.peers.apply(peerView('younger', { status: { publicKey: KEY_A } }));
  await nothingWaits();
  world.caches.peers.apply(peerView('older', { status: { publicKey: KEY_A } }));
  expect(await taken('peers')).toEqual(['net/older', 'net/younger']);
});

test('a key that a peer gives up makes the others that want it worth a look', async () => {
  const holder = peerView('holder', { status: { publicKey: KEY_A } });
  world.caches.peers.apply(holder);
  world.caches.peers.apply(peerView('rival'));
  await nothingWaits();
  world.caches.peers.remove({ ...holder, resourceVersion: '9' });
  expect([await taken('peers'), await taken('gateways')]).toEqual([['net/rival'], ['net/edge']]);
});

test('a gateway that is decided otherwise concerns its peers, all gateways and both nodes; its numbers do not', async () => {
  world.caches.peers.apply(peerView('p'));
  world.caches.gateways.apply(gatewayView(PLACED));
  world.caches.gateways.apply(gatewayView({}, { ...meta('other') }));
  await nothingWaits();
  const counted = { ...PLACED, peers: { total: 1, programmed: 1, connected: 0 } };
  world.caches.gateways.apply(gatewayView(counted, { resourceVersion: '2' }));
  expect([await taken('peers'), await taken('gateways')]).toEqual([[], ['net/edge']]);
  await nothingWaits();
  world.caches.gateways.apply(gatewayView({ ...counted, nodeName: 'n2' }, { resourceVersion: '3' }));
  expect([await taken('peers'), await taken('gateways'), await taken('nodes')]).toEqual([
    ['net/p'],
    ['net/edge', 'net/other'],
    ['n1', 'n2'],
  ]);
});

test.each([
  { endpoint: 'vpn.example.com:51840' },
  { routes: ['10.0.0.0/16'] },
  { allowedPeerRoutes: ['192.168.0.0/16'] },
])('%j decided for a gateway concerns its peers, whose files or routes may change', async (decided) => {
  world.caches.peers.apply(peerView('p'));
  world.caches.gateways.apply(gatewayView(PLACED));
  await nothingWaits();
  world.caches.gateways.apply(gatewayView({ ...PLACED, ...decided }, { resourceVersion: '2' }));
  expect(await taken('peers')).toEqual(['net/p']);
});

test('a node’s heartbeat concerns nobody, its labels every gateway', async () => {
  world.caches.gateways.apply(gatewayView(PLACED));
  world.caches.nodes.apply(nodeView('n1'));
  await nothingWaits();
  world.caches.nodes.apply(nodeView('n1', { resourceVersion: '2' }));
  expect([await taken('gateways'), await taken('nodes')]).toEqual([[], []]);
  world.caches.nodes.apply(nodeView('n1', { resourceVersion: '3', labels: { zone: 'a' } }));
  expect([await taken('gateways'), await taken('nodes')]).toEqual([['net/edge'], ['n1']]);
});
