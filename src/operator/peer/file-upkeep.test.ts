import { expect, it } from 'vitest';
import { generateKeyPair } from '../../keys/key-pair.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { pass, settle } from '../../kube/fake.ts';
import { checkAllFiles, checkFile, fileConcerned, keepFile, peerGone } from './file-upkeep.ts';
import { decidedStatus, edge, filesWorld, requestOf, somePeer, valueOf, type SomePeer } from './secrets.testing.ts';

const { signal } = new AbortController();
const KEY = 'net/p';
const NAME = 'net/p-wireguard';
const LONG_MS = 600_000;

type World = ReturnType<typeof filesWorld>;

/** A peer whose Secret was made and whose status says so. */
async function decided(options: { readonly perSecond?: number } = {}, given: SomePeer = {}) {
  const world = filesWorld(options);
  const peer = somePeer(given);
  world.caches.peers.apply(peer);
  const answer = await world.secrets.ensure(requestOf(peer), signal);
  const publicKey = answer.kind === 'Ready' ? answer.publicKey : '';
  world.caches.peers.apply(somePeer({ ...given, status: decidedStatus(publicKey) }));
  world.client.calls.length = 0;
  world.writes.length = 0;
  return { world, publicKey };
}

const secretIn = ({ client }: World) => client.stored.get(NAME) as KubeSecret;
const fileIn = (world: World) => valueOf(secretIn(world), 'wg.conf');

it('nothing is read or written while nothing changes', async () => {
  const { world } = await decided();
  fileConcerned(KEY, world.upkeep);
  expect([await world.taken('files'), await world.taken('fileChecks'), world.client.calls]).toEqual([[], [], []]);
});

it.each<[string, Parameters<typeof edge>, string]>([
  ['endpoint', [{ endpoint: 'vpn.example.com:4500' }], 'Endpoint = vpn.example.com:4500\n'],
  ['routes', [{ routes: ['10.0.0.0/16'] }], 'AllowedIPs = 10.0.0.0/16, 10.90.1.0/24\n'],
  ['MTU', [{ mtu: 1380 }], 'MTU = 1380\n'],
  ['DNS', [{}, { client: { dns: ['10.0.0.10'] } }], 'DNS = 10.0.0.10\n'],
  ['keepalive of clients', [{}, { client: { persistentKeepaliveSeconds: 7 } }], 'PersistentKeepalive = 7\n'],
])('a change of the gateway’s %s is written into the file, keys and all else kept', async (_, gateway, line) => {
  const { world } = await decided();
  const before = secretIn(world);
  world.caches.gateways.apply(edge(...gateway));
  fileConcerned(KEY, world.upkeep);
  expect(await world.taken('files')).toEqual([KEY]);
  await keepFile(KEY, world.upkeep, signal);
  expect(fileIn(world)).toContain(`\n${line}`);
  expect(secretIn(world).data?.['privateKey']).toBe(before.data?.['privateKey']);
  expect(secretIn(world).metadata).toMatchObject({ uid: before.metadata.uid, labels: before.metadata.labels });
  fileConcerned(KEY, world.upkeep);
  expect([await world.taken('files'), world.writes]).toEqual([[], ['rewritten']]);
});

it.each<[string, (key: string) => SomePeer, string]>([
  ['addresses', (key) => ({ status: decidedStatus(key, { addresses: ['10.90.1.9'] }) }), 'Address = 10.90.1.9/32\n'],
  [
    'client routes',
    (key) => ({ spec: { clientRoutes: ['0.0.0.0/0'] }, status: decidedStatus(key) }),
    'AllowedIPs = 0.0.0.0/0\n',
  ],
])('a change of the peer’s %s is written into the file', async (_, peerWith, line) => {
  const { world, publicKey } = await decided();
  world.caches.peers.apply(somePeer(peerWith(publicKey)));
  fileConcerned(KEY, world.upkeep);
  expect(await world.taken('files')).toEqual([KEY]);
  await keepFile(KEY, world.upkeep, signal);
  expect(fileIn(world)).toContain(`\n${line}`);
});

it('the file for a key of the peer’s own follows too', async () => {
  const { world } = await decided({}, { spec: { publicKey: generateKeyPair().publicKey } });
  world.caches.gateways.apply(edge({ endpoint: 'vpn.example.com:4500' }));
  await keepFile(KEY, world.upkeep, signal);
  expect(fileIn(world)).toContain('\nEndpoint = vpn.example.com:4500\n');
  expect(Object.keys(secretIn(world).data ?? {}).toSorted()).toEqual(['presharedKey', 'wg.conf']);
});

it('a Secret is looked at again when its time has come, not before, and a hand edit is put right then', async () => {
  const { world } = await decided();
  const right = secretIn(world).data;
  world.client.put({ ...secretIn(world), data: { ...right, 'wg.conf': 'Ym9v', more: 'eA==' } });
  fileConcerned(KEY, world.upkeep);
  world.clock.advance(LONG_MS - 1);
  await settle();
  expect(await world.taken('fileChecks')).toEqual([]);
  expect(await checkFile(KEY, world.upkeep, signal)).toEqual({ againAfterMs: 1 });
  world.clock.advance(1);
  await settle();
  expect(await world.taken('fileChecks')).toEqual([KEY]);
  expect(await checkFile(KEY, world.upkeep, signal)).toEqual({ againAfterMs: LONG_MS });
  expect([secretIn(world).data, world.client.calls]).toEqual([right, ['get', 'replace']]);
});

it('after a start every Secret that a status points to is looked at, and only written when it is wrong', async () => {
  const { world } = await decided();
  world.caches.peers.apply({ ...somePeer({ uid: 'uid-q' }), name: 'q' });
  checkAllFiles(world.upkeep);
  expect(await world.taken('fileChecks')).toEqual([KEY]);
  await checkFile(KEY, world.upkeep, signal);
  expect([world.client.calls, world.writes]).toEqual([['get'], []]);
});

it('one that this process has not seen yet is looked at, too', async () => {
  const { world } = await decided();
  world.upkeep.memory.clear();
  fileConcerned(KEY, world.upkeep);
  expect(await world.taken('fileChecks')).toEqual([KEY]);
});

it('a Secret is looked at when the spec of its peer has changed, so that one deleted before is missed at once', async () => {
  const { world, publicKey } = await decided();
  world.client.stored.delete(NAME);
  const status = decidedStatus(publicKey, { observedGeneration: 2 });
  world.caches.peers.apply(somePeer({ generation: 2, status }));
  fileConcerned(KEY, world.upkeep);
  expect(await world.taken('files')).toEqual([KEY]);
  await keepFile(KEY, world.upkeep, signal);
  expect(await world.taken('peers')).toEqual([KEY]);
});

it('a spec that changed without a word about the file costs one look', async () => {
  const { world, publicKey } = await decided();
  const status = decidedStatus(publicKey, { observedGeneration: 2 });
  world.caches.peers.apply(somePeer({ generation: 2, status }));
  fileConcerned(KEY, world.upkeep);
  await keepFile(KEY, world.upkeep, signal);
  expect(await world.taken('files')).toEqual([KEY]);
  fileConcerned(KEY, world.upkeep);
  expect([await world.taken('files'), world.client.calls, world.writes]).toEqual([[], ['get'], []]);
});

it.each<[string, (world: World) => void]>([
  ['gone', ({ client }) => client.stored.delete(NAME)],
  ['of somebody else', (world) => world.client.put({ ...secretIn(world), type: 'Opaque' })],
  ['without its private key', (world) => world.client.put({ ...secretIn(world), data: {} })],
  ['immutable and out of date', (world) => world.client.put({ ...secretIn(world), immutable: true, data: {} })],
])('a Secret that is %s is left to the peer’s reconcile, which no longer believes the status', async (_, spoil) => {
  const { world, publicKey } = await decided();
  spoil(world);
  const before = world.client.stored.get(NAME);
  await keepFile(KEY, world.upkeep, signal);
  expect([await world.taken('peers'), world.writes]).toEqual([[KEY], []]);
  expect(world.client.stored.get(NAME)).toBe(before);
  const answer = await world.secrets.ensure(requestOf(somePeer({ status: decidedStatus(publicKey) })), signal);
  expect(answer.kind === 'Ready' && answer.publicKey === publicKey).toBe(false);
});

it('a pair that a person has put into the Secret becomes the key of the peer', async () => {
  const { world, publicKey } = await decided();
  const { world: other, publicKey: next } = await decided();
  world.client.put({ ...secretIn(world), data: secretIn(other).data ?? {} });
  await keepFile(KEY, world.upkeep, signal);
  expect(await world.taken('peers')).toEqual([KEY]);
  const peer = somePeer({ status: decidedStatus(publicKey) });
  expect(await world.secrets.ensure(requestOf(peer), signal)).toMatchObject({ kind: 'Ready', publicKey: next });
});

it.each<[string, (world: World) => void]>([
  ['without its gateway', (world) => world.caches.gateways.remove({ ...edge(), resourceVersion: '999999' })],
  ['whose status points to no file', (world) => world.caches.peers.apply(somePeer())],
])('the Secret of a peer %s is left as it is', async (_, change) => {
  const { world } = await decided();
  change(world);
  fileConcerned(KEY, world.upkeep);
  await keepFile(KEY, world.upkeep, signal);
  expect([world.client.calls, await checkFile(KEY, world.upkeep, signal)]).toEqual([[], undefined]);
});

it('no more than so many files are written anew in a second, and none is forgotten', async () => {
  const world = filesWorld({ perSecond: 10 });
  const names = Array.from({ length: 30 }, (_, index) => `p${index}`);
  for (const name of names) {
    const peer = { ...somePeer({ uid: name }), name };
    world.caches.peers.apply(peer);
    const answer = await world.secrets.ensure(requestOf(peer), signal);
    const status = decidedStatus(answer.kind === 'Ready' ? answer.publicKey : '');
    world.caches.peers.apply({ ...somePeer({ uid: name, status }), name });
  }
  world.caches.gateways.apply(edge({ endpoint: 'vpn.example.com:4500' }));
  const rewritten = () => world.writes.filter((write) => write === 'rewritten').length;
  const working = Promise.all(names.map((name) => keepFile(`net/${name}`, world.upkeep, signal)));
  await settle();
  const start = rewritten();
  await pass(world.clock, 1_000);
  expect(rewritten() - start).toBeGreaterThan(8);
  expect(rewritten() - start).toBeLessThanOrEqual(10);
  await pass(world.clock, 2_000);
  await working;
  expect(rewritten()).toBe(30);
});

it('what a peer may have left is looked for when it goes, and only then', async () => {
  const { world } = await decided();
  const plain = somePeer({ uid: 'uid-q', spec: { publicKey: generateKeyPair().publicKey } });
  peerGone({ ...plain, name: 'q' }, world.upkeep);
  expect(await world.taken('peers')).toEqual([]);
  const restarted = world.restart();
  peerGone(somePeer({ status: decidedStatus(generateKeyPair().publicKey) }), restarted.upkeep);
  expect(await world.taken('peers')).toEqual([KEY]);
});
