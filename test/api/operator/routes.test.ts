import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { WireGuardPeer as Peer } from '../../../src/api/v1alpha1/index.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { condition, isReady, newKey, OperatorLab, type Ref, until } from './lab.ts';

/** What the issue allows from the change to the answer. */
const BOUND_S = 2;

let lab: OperatorLab;
let made = 0;

beforeAll(async () => {
  lab = await OperatorLab.start();
  await lab.operator(['--forbidden-networks', '192.168.99.0/24']);
  await lab.node('n1');
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** A namespace of its own with a gateway that allows `allowedPeerRoutes`. */
async function scene(allowedPeerRoutes: string[]): Promise<{ namespace: string; edge: Ref }> {
  const namespace = await lab.namespace();
  const edge = { namespace, name: 'edge' };
  made += 1;
  await lab.gateway(edge, { pools: [{ cidr: `10.70.${made}.0/24` }], allowedPeerRoutes });
  await until('the gateway is ready', async () => isReady(await lab.get(WireGuardGateway, edge)));
  return { namespace, edge };
}

const routesOf = async (ref: Ref) => (await lab.get(WireGuardPeer, ref)).status?.routes ?? [];

async function granted(ref: Ref, routes: readonly string[], seconds = 30): Promise<Peer> {
  return until(
    `${ref.name} is ready with ${routes.join(', ')}`,
    async () => {
      const found = await lab.get(WireGuardPeer, ref);
      return isReady(found) && (found.status?.routes ?? []).join() === routes.join() && found;
    },
    seconds,
  );
}

async function stalled(ref: Ref, reason: string, resource: Resource<KubeObject> = WireGuardPeer): Promise<string> {
  const found = await until(
    `${ref.name} is Stalled with ${reason}`,
    async () => {
      const object = await lab.get(resource, ref);
      return condition(object, 'Stalled')?.reason === reason && object;
    },
    BOUND_S,
  );
  expect(condition(found, 'Ready')).toMatchObject({ status: 'False', reason });
  return condition(found, 'Stalled')?.message ?? '';
}

test('a route is granted, and what a gateway offers reaches its status and its NodeConfig', async () => {
  const { namespace, edge } = await scene(['192.168.0.0/20', 'fd00:7::/48']);
  const plain = { namespace, name: 'plain' };
  await lab.gateway(plain, { pools: [{ cidr: '10.71.0.0/24' }] });
  const site = { namespace, name: 'site' };
  await lab.peer(site, { routes: ['fd00:7:0:1::/64', '192.168.7.0/24'] });
  await granted(site, ['192.168.7.0/24', 'fd00:7:0:1::/64']);
  const offer = {
    mtu: 1400,
    routes: ['10.0.0.0/16'],
    masquerade: 'Disabled',
    peerTraffic: 'Open',
    allowedPeerRoutes: ['192.168.0.0/20', 'fd00:7::/48'],
  };
  await lab.patch(WireGuardGateway, edge, { spec: offer });
  const ready = await until('the gateway is ready again', async () => {
    const found = await lab.get(WireGuardGateway, edge);
    return isReady(found) && found;
  });
  expect(ready.status).toMatchObject(offer);
  await until('the plain one is ready', async () => isReady(await lab.get(WireGuardGateway, plain)));
  const entries = (await lab.config('n1'))?.spec.gateways ?? [];
  const entryOf = ({ name }: Ref) =>
    entries.find(({ gateway }) => gateway.namespace === namespace && gateway.name === name);
  expect(entryOf(edge)).toMatchObject(offer);
  for (const field of Object.keys(offer)) expect(entryOf(plain)).not.toHaveProperty(field);
});

test('RouteNotAllowed names what is allowed; what was granted stays, and a gateway that allows it is enough', async () => {
  const { namespace, edge } = await scene(['192.168.16.0/20']);
  const site = { namespace, name: 'site' };
  await lab.peer(site, { routes: ['192.168.17.0/24', '172.16.0.0/24'] });
  expect(await stalled(site, 'RouteNotAllowed')).toBe(
    'spec.routes[1] 172.16.0.0/24 lies outside 192.168.16.0/20, all that gateway edge allows; leave it out, or have it added to allowedPeerRoutes of the gateway.',
  );
  expect(await routesOf(site)).toEqual([]);
  await lab.patch(WireGuardPeer, site, { spec: { routes: ['192.168.17.0/24'] } });
  await granted(site, ['192.168.17.0/24']);
  await lab.patch(WireGuardPeer, site, { spec: { routes: ['192.168.17.0/24', '172.16.0.0/24'] } });
  await stalled(site, 'RouteNotAllowed');
  expect(await routesOf(site)).toEqual(['192.168.17.0/24']);
  await lab.patch(WireGuardGateway, edge, { spec: { allowedPeerRoutes: ['192.168.16.0/20', '172.16.0.0/16'] } });
  await granted(site, ['172.16.0.0/24', '192.168.17.0/24']);
});

test('RouteOverlap names the peer in the same namespace only, and goes when the route is given up', async () => {
  const near = await scene(['192.168.32.0/20']);
  const far = await scene(['192.168.32.0/20']);
  const holder = { namespace: near.namespace, name: 'holder' };
  const late = { namespace: near.namespace, name: 'late' };
  const elsewhere = { namespace: far.namespace, name: 'elsewhere' };
  await lab.peer(holder, { routes: ['192.168.33.0/24'] });
  await granted(holder, ['192.168.33.0/24']);
  await lab.peer(late, { routes: ['192.168.33.128/25'] });
  expect(await stalled(late, 'RouteOverlap')).toMatch(
    /^spec\.routes\[0\] 192\.168\.33\.128\/25 overlaps route 192\.168\.33\.0\/24 of peer holder; /,
  );
  await lab.peer(elsewhere, { routes: ['192.168.32.0/20'] });
  expect(await stalled(elsewhere, 'RouteOverlap')).toMatch(/overlaps a route of a peer elsewhere; /);
  await lab.patch(WireGuardPeer, elsewhere, { spec: { routes: null } });
  await granted(elsewhere, [], BOUND_S);
  await lab.patch(WireGuardPeer, holder, { spec: { state: 'Disabled' } });
  await until(
    'it is disabled',
    async () => condition(await lab.get(WireGuardPeer, holder), 'Ready')?.reason === 'Disabled',
  );
  await stalled(late, 'RouteOverlap');
  await lab.delete(WireGuardPeer, holder);
  await granted(late, ['192.168.33.128/25'], BOUND_S);
});

test('a pool and a route cannot have the same network, whichever comes later', async () => {
  const { namespace } = await scene(['10.72.0.0/16', '10.70.0.0/16']);
  const site = { namespace, name: 'site' };
  const other = { namespace, name: 'other' };
  await lab.peer(site, { routes: ['10.72.7.0/24'] });
  await granted(site, ['10.72.7.0/24']);
  await lab.gateway(other, { pools: [{ cidr: '10.72.0.0/20' }] });
  expect(await stalled(other, 'RouteOverlap', WireGuardGateway as Resource<KubeObject>)).toMatch(
    /^spec\.pools\[0\]\.cidr 10\.72\.0\.0\/20 overlaps route 10\.72\.7\.0\/24 of peer site; /,
  );
  await lab.patch(WireGuardPeer, site, { spec: { routes: [`10.70.${made}.128/25`] } });
  expect(await stalled(site, 'RouteOverlap')).toContain(`overlaps pool 10.70.${made}.0/24 of gateway edge; `);
  await until('the pool is granted', async () => isReady(await lab.get(WireGuardGateway, other)));
  await lab.patch(WireGuardPeer, site, { spec: { routes: ['10.72.7.0/24'] } });
  await stalled(site, 'RouteOverlap');
  await lab.delete(WireGuardGateway, other);
  await granted(site, ['10.72.7.0/24']);
});

test('ClusterOverlap names the network, be it a node’s, the services’, a special one or the administrator’s', async () => {
  const { namespace } = await scene(['0.0.0.0/1', '128.0.0.0/1']);
  const site = { namespace, name: 'site' };
  await lab.peer(site, { routes: ['192.0.2.0/24'] });
  expect(await stalled(site, 'ClusterOverlap')).toMatch(
    /^spec\.routes\[0\] 192\.0\.2\.0\/24 overlaps 192\.0\.2\.10\/32, an address of node n1; choose a network outside/,
  );
  for (const [route, what] of [
    ['169.254.169.254/32', 'link-local addresses'],
    ['192.168.99.128/25', 'a network that the administrator excluded'],
    ['127.0.0.0/8', 'loopback'],
  ] as const) {
    await lab.patch(WireGuardPeer, site, { spec: { routes: [route] } });
    await until(
      `it is about ${what}`,
      async () => condition(await lab.get(WireGuardPeer, site), 'Stalled')?.message.includes(what),
      BOUND_S,
    );
  }
  await lab.patch(WireGuardPeer, site, { spec: { routes: ['172.20.0.0/24'] } });
  await granted(site, ['172.20.0.0/24']);
});

test('a route moves as soon as its holder’s spec asks for it no more', async () => {
  const { namespace } = await scene(['192.168.48.0/20']);
  const [from, to] = ['from', 'to'].map((name) => ({ namespace, name })) as [Ref, Ref];
  const route = '192.168.48.0/24';
  await lab.peer(from, { routes: [route] });
  await granted(from, [route]);
  await lab.peer(to, { routes: [route] });
  await stalled(to, 'RouteOverlap');
  const times: number[] = [];
  for (const [giver, taker] of [
    [from, to],
    [to, from],
  ] as const) {
    const start = performance.now();
    await lab.patch(WireGuardPeer, giver, { spec: { routes: [] } });
    await until('the other one has it', async () => (await routesOf(taker)).includes(route), BOUND_S);
    times.push(performance.now() - start);
    await granted(taker, [route]);
    await lab.patch(WireGuardPeer, giver, { spec: { routes: [route] } });
    await stalled(giver, 'RouteOverlap');
  }
  expect(Math.max(...times)).toBeLessThan(BOUND_S * 1_000);
  process.stdout.write(
    `a route was its next holder's ${times.map((ms) => `${ms.toFixed(0)} ms`).join(' and ')} after the edit\n`,
  );
});

test('a narrower allowance withdraws at once what lies outside, also of a peer that is Stalled for another reason', async () => {
  const { namespace, edge } = await scene(['192.168.64.0/20']);
  const [site, stuck] = ['site', 'stuck'].map((name) => ({ namespace, name })) as [Ref, Ref];
  const publicKey = newKey();
  await lab.peer(site, { publicKey, routes: ['192.168.64.0/24', '192.168.65.0/24'] });
  await lab.peer(stuck, { routes: ['192.168.66.0/24'] });
  await granted(site, ['192.168.64.0/24', '192.168.65.0/24']);
  await granted(stuck, ['192.168.66.0/24']);
  await lab.patch(WireGuardPeer, stuck, { spec: { publicKey } });
  await stalled(stuck, 'PublicKeyInUse');
  expect(await routesOf(stuck)).toEqual(['192.168.66.0/24']);

  await lab.patch(WireGuardGateway, edge, { spec: { allowedPeerRoutes: ['192.168.64.0/24'] } });
  expect(await stalled(site, 'RouteNotAllowed')).toContain('spec.routes[1] 192.168.65.0/24 lies outside');
  expect(await routesOf(site)).toEqual(['192.168.64.0/24']);
  await until('the other one has lost its route', async () => (await routesOf(stuck)).length === 0, BOUND_S);
  await lab.patch(WireGuardGateway, edge, { spec: { allowedPeerRoutes: ['192.168.64.0/20'] } });
  await granted(site, ['192.168.64.0/24', '192.168.65.0/24']);
});

test('a claim that its gateway does not allow keeps the network from nobody', async () => {
  const poor = await scene([]);
  const rich = await scene(['192.168.80.0/20']);
  await lab.peer({ namespace: poor.namespace, name: 'squatter' }, { routes: ['192.168.80.0/24'] });
  await stalled({ namespace: poor.namespace, name: 'squatter' }, 'RouteNotAllowed');
  const site = { namespace: rich.namespace, name: 'site' };
  await lab.peer(site, { routes: ['192.168.80.0/24'] });
  const ready = await granted(site, ['192.168.80.0/24'], BOUND_S);
  expect(condition(ready, 'Stalled')).toBeUndefined();
});
