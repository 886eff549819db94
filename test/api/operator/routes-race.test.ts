import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { WireGuardPeer as Peer } from '../../../src/api/v1alpha1/index.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { type Projected, Store } from '../../../src/kube/store.ts';
import { overlaps } from '../../../src/mesh/ip/prefix.ts';
import type { Prefix } from '../../../src/mesh/model.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { condition, isReady, OperatorLab, type Ref, until } from './lab.ts';

let lab: OperatorLab;

beforeAll(async () => {
  lab = await OperatorLab.start();
  await Promise.all([lab.operator(['--leader-elect=false']), lab.operator(['--leader-elect=false'])]);
  await lab.node('n1');
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** A gateway in a namespace of its own that allows all that is raced for. */
async function racecourse(pool: string): Promise<Ref> {
  const edge = { namespace: await lab.namespace(), name: 'edge' };
  await lab.gateway(edge, { pools: [{ cidr: pool }], allowedPeerRoutes: ['192.168.128.0/17'] });
  await until('the gateway is ready', async () => isReady(await lab.get(WireGuardGateway, edge)));
  return edge;
}

const RACERS = 48;
const ROUNDS = 4;

test('two operators without election end with no network granted twice', { timeout: 120_000 }, async () => {
  const scenes = [await racecourse('10.73.0.0/24'), await racecourse('10.74.0.0/24')];
  const refs = Array.from({ length: RACERS }, (_, index) => ({
    namespace: scenes[index % scenes.length]?.namespace ?? '',
    name: `r${index}`,
  }));
  // every network has four who want it; from round to round they change places, and the networks their size
  const wanted = (index: number, round: number) => {
    const place = (index + round * 5) % (RACERS / 4);
    return index % 3 === 0 ? `192.168.${128 + place * 4}.0/22` : `192.168.${128 + place * 4 + (index % 4)}.0/24`;
  };
  const over = new AbortController();
  const moments = grantedTwice(over.signal);
  await Promise.all(refs.map((ref, index) => lab.peer(ref, { routes: [wanted(index, 0)] })));
  for (let round = 1; round < ROUNDS; round++) {
    await Promise.all(
      refs.map((ref, index) => lab.patch(WireGuardPeer, ref, { spec: { routes: [wanted(index, round)] } })),
    );
  }
  const all = async () => (await Promise.all(scenes.map(({ namespace }) => lab.list(WireGuardPeer, namespace)))).flat();
  const peers = await until(
    'every peer is ready or refused',
    async () => {
      const found = await all();
      const done = (peer: Peer) =>
        isReady(peer) ||
        (condition(peer, 'Stalled')?.reason === 'RouteOverlap' &&
          peer.status?.observedGeneration === peer.metadata.generation);
      return found.every(done) && twice(found).length === 0 && found;
    },
    60,
  );
  over.abort();
  process.stdout.write(
    `two operators, ${RACERS} peers, ${ROUNDS} rounds: granted twice for a moment ${moments.size} times\n`,
  );
  expect(peers).toHaveLength(RACERS);
  expect(peers.filter((peer) => (peer.status?.routes ?? []).length > 0).length).toBeGreaterThan(0);
  for (const peer of peers.filter(isReady)) expect(peer.status?.routes).toEqual(peer.spec.routes);
  // nobody waits for a network that is free
  const held = peers.flatMap((peer) => peer.status?.routes ?? []);
  const idle = peers.filter((peer) => !isReady(peer) && !(peer.spec.routes ?? []).some((one) => touches(one, held)));
  expect(idle.map((peer) => peer.metadata.name)).toEqual([]);
  // and it stays that way
  expect(twice(await all())).toEqual([]);
});

/** Follows all peers; gains an entry for every two that have a network at once while both still ask for it. */
function grantedTwice(signal: AbortSignal): ReadonlySet<string> {
  const store = new Store<Projected & { readonly object: Peer }>();
  const project = (object: Peer) => {
    const { namespace = '', name, uid = '', resourceVersion = '' } = object.metadata;
    return { namespace, name, uid, resourceVersion, object };
  };
  const found = new Set<string>();
  const insisting = ({ spec, status, ...rest }: Peer): Peer => {
    const routes = (status?.routes ?? []).filter((route) => spec.routes?.includes(route));
    return { ...rest, spec, status: { ...status, routes } };
  };
  store.subscribe(() => twice(store.list().map(({ object }) => insisting(object))).forEach((one) => found.add(one)));
  const watched = { client: lab.admin, resource: WireGuardPeer, store, project, clock: systemClock };
  void new Reflector<Peer, Projected & { readonly object: Peer }>(watched).run(signal);
  return found;
}

function touches(route: string, others: readonly string[]): boolean {
  return others.some((other) => overlaps(route as Prefix, other as Prefix));
}

function twice(peers: readonly Peer[]): string[] {
  const held = peers.flatMap(({ metadata, status }) =>
    (status?.routes ?? []).map((route) => ({ name: metadata.name, route })),
  );
  return held.flatMap((one, index) =>
    held
      .slice(index + 1)
      .filter((other) => other.name !== one.name && touches(one.route, [other.route]))
      .map((other) => `${one.route} of ${one.name} and ${other.route} of ${other.name}`),
  );
}
