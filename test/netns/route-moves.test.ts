import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import type { PingedFlow } from '../../tools/lab/ping.ts';
import { gateways, peers, type ConditionWish } from '../support/cluster.ts';
import { violations } from '../support/invariants.ts';
import { clientConfig, Mesh, reaches } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'net';
const MOVED = ['192.168.7.0/24', 'fd00:7::/64'];
const FOREIGN = '192.168.8.0/24';
const ROUNDS = 10;

/** Two sites with the same network behind them, one with another, and a laptop that pings all of it. */
describe('routes of peers', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let laptop: LabClient;

  beforeAll(async () => {
    mesh = await Mesh.start('move');
    const names = ['laptop', 'site1', 'site2', 'other'];
    const [added, clients] = await Promise.all([
      mesh.lab.addNode('n1'),
      Promise.all(names.map((name) => mesh.lab.addClient(name))),
      mesh.lab.addOperator(),
    ]);
    node = added;
    const [first, site1, site2, other] = clients as [LabClient, LabClient, LabClient, LabClient];
    laptop = first;
    await mesh.cluster.namespace(namespace);
    const pools = [{ cidr: '10.90.0.0/24' }, { cidr: 'fd00:90::/112' }];
    const allowedPeerRoutes = ['192.168.0.0/16', 'fd00:7::/32'];
    await mesh.cluster.gateway({ namespace, name: 'edge' }, { pools, allowedPeerRoutes });
    await mesh.cluster.ready(gateways, { namespace, name: 'edge' }, 60_000);
    await join(laptop, 'laptop', { more: ['192.168.0.0/16', 'fd00:7::/32'] });
    await join(site1, 'site1', { routes: MOVED, lan: ['192.168.7.1/24', 'fd00:7::1/64'] });
    await join(site2, 'site2', { lan: ['192.168.7.1/24', 'fd00:7::1/64', '192.168.8.1/24'] });
    await join(other, 'other', { routes: ['192.168.9.0/24'], lan: ['192.168.9.1/24'] });
    for (const address of ['192.168.7.1', 'fd00:7::1', '192.168.9.1']) await reaches(laptop, address);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test(`a route that moves ${ROUNDS} times loses at most one packet each time, other flows none`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [from, to] = round % 2 === 0 ? ['site1', 'site2'] : ['site2', 'site1'];
      const [v4, v6, ...unmoved] = await pinging(['192.168.7.1', 'fd00:7::1', '192.168.9.1', '10.90.0.1'], async () => {
        // In both orders, as kubectl apply has no better one.
        const steps = [() => routes(from, []), () => routes(to, MOVED)];
        for (const step of round < ROUNDS / 2 ? steps : steps.toReversed()) await step();
        await granted(to, MOVED);
        await granted(from, undefined);
      });
      // What was under way to the old holder is lost: one packet, unless the machine keeps all flows waiting.
      const underWay = Math.max(...unmoved.map(({ mostUnderWay }) => mostUnderWay));
      const text = [v4, v6].map((flow) => `${flow?.lost}/${flow?.sent}`).join(' v4, ');
      process.stdout.write(`move ${round}: lost ${text} v6, at most ${underWay} under way\n`);
      for (const moved of [v4, v6]) {
        expect(moved?.lost).toBeLessThanOrEqual(underWay);
        expect(moved?.gaps.length).toBeLessThanOrEqual(1);
      }
      expect(unmoved.map(({ lost }) => lost)).toEqual([0, 0]);
    }
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  test('withdrawing, refusing and granting again disturbs no other flow', async () => {
    const losses = await pinging(['192.168.9.1', '10.90.0.1'], async () => {
      await routes('site1', []);
      await unreachable('192.168.7.1');
      await routes('site1', ['172.16.0.0/24']);
      await condition('site1', { type: 'Stalled', reason: 'RouteNotAllowed' });
      await routes('site1', MOVED);
      await granted('site1', MOVED);
      await routes('site2', ['192.168.7.128/25']);
      await condition('site2', { type: 'Stalled', reason: 'RouteOverlap' });
      await routes('site2', []);
      await mesh.cluster.ready(peers, { namespace, name: 'site2' });
      await mesh.cluster.patch(
        gateways,
        { namespace, name: 'edge' },
        { spec: { allowedPeerRoutes: ['192.168.9.0/24'] } },
      );
      await condition('site1', { type: 'Stalled', reason: 'RouteNotAllowed' });
      await unreachable('192.168.7.1');
      const allowedPeerRoutes = ['192.168.0.0/16', 'fd00:7::/32'];
      await mesh.cluster.patch(gateways, { namespace, name: 'edge' }, { spec: { allowedPeerRoutes } });
      await granted('site1', MOVED);
      await reaches(laptop, '192.168.7.1');
    });
    expect(losses.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  test("a route of the node's own is left as it is, and the peer says so until it is gone", async () => {
    await node.node.exec(['ip', 'route', 'add', FOREIGN, 'via', mesh.lab.network.hub.v4]);
    const before = await routesTo(FOREIGN);
    await routes('site2', [FOREIGN]);
    await condition('site2', { type: 'Ready', status: 'False', reason: 'RouteConflict' });
    expect(await routesTo(FOREIGN)).toBe(before);
    await routes('site2', ['192.168.8.128/25']);
    await condition('site2', { type: 'Ready', status: 'False', reason: 'RouteConflict' });
    expect(await routesTo(FOREIGN)).toBe(before);
    await node.node.exec(['ip', 'route', 'del', FOREIGN]);
    await routes('site2', [FOREIGN]);
    await mesh.cluster.ready(peers, { namespace, name: 'site2' });
    await reaches(laptop, '192.168.8.1');
  });

  interface Wishes {
    readonly routes?: readonly string[];
    /** Networks that the client sends into the tunnel besides the pools. */
    readonly more?: readonly string[];
    /** Addresses in the network behind it. */
    readonly lan?: readonly string[];
  }

  async function join(client: LabClient, name: string, { routes: own = [], more = [], lan = [] }: Wishes) {
    await client.node.exec(['ip', 'link', 'add', 'lan0', 'type', 'bridge']);
    await client.node.exec(['ip', 'link', 'set', 'lan0', 'up']);
    for (const address of lan) {
      const nodad = address.includes(':') ? ['nodad'] : [];
      await client.node.exec(['ip', 'address', 'add', address, 'dev', 'lan0', ...nodad]);
    }
    const spec = { gatewayRef: { name: 'edge' }, publicKey: client.publicKey, routes: [...own] };
    await mesh.cluster.peer({ namespace, name }, spec);
    const peer = await mesh.cluster.ready(peers, { namespace, name });
    const gateway = await mesh.cluster.get(gateways, { namespace, name: 'edge' });
    const config = clientConfig(peer, gateway);
    await client.configure({ ...config, peer: { ...config.peer, allowedIPs: [...config.peer.allowedIPs, ...more] } });
    await reaches(client, '10.90.0.1');
  }

  /** Loss of the laptop's flows while `work` goes on. */
  async function pinging(addresses: readonly string[], work: () => Promise<void>): Promise<PingedFlow[]> {
    const running = await Promise.all(addresses.map((address) => laptop.startPing(address, { perSecond: 100 })));
    await work();
    return Promise.all(running.map((ping) => ping.stop()));
  }

  function routes(name: string | undefined, wanted: readonly string[]) {
    return mesh.cluster.patch(peers, { namespace, name: name ?? '' }, { spec: { routes: wanted } });
  }

  async function granted(name: string | undefined, wanted: readonly string[] | undefined): Promise<void> {
    const ref = { namespace, name: name ?? '' };
    const look = async () => {
      const { status } = await mesh.cluster.get(peers, ref);
      return (status?.routes ?? []).toSorted().join() === (wanted ?? []).toSorted().join();
    };
    await waitFor(look, { what: `${name} has ${wanted?.join() ?? 'no routes'}` });
    await mesh.cluster.ready(peers, ref);
  }

  function condition(name: string, wish: ConditionWish) {
    return mesh.cluster.condition(peers, { namespace, name }, wish);
  }

  async function unreachable(address: string): Promise<void> {
    const silent = async () => (await laptop.ping(address, { count: 2 })).received === 0;
    await waitFor(silent, { what: `${address} is out of reach`, timeoutMs: 10_000 });
  }

  async function routesTo(prefix: string): Promise<string> {
    return (await node.node.exec(['ip', 'route', 'show', prefix])).stdout;
  }
});
