import fc from 'fast-check';
import { beforeEach, describe, expect, it, test } from 'vitest';
import { overlaps, parsePrefix } from '../../mesh/ip/prefix.ts';
import { gatewayView, meta, nodeView, operatorWorld, PLACED } from '../operator.testing.ts';
import type { NetworkClaims } from '../world/network-claims.ts';
import { claimsOfPeer } from '../world/network-claims.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { routesOf } from './routes.ts';

const SITE = '192.168.7.0/24';
const ALL = ['192.168.0.0/16'];

interface Site {
  readonly routes?: readonly string[];
  readonly had?: readonly string[];
  readonly version?: number;
  readonly namespace?: string;
}

function site(name: string, { routes = [], had = [], version = 1, namespace = 'net' }: Site = {}): PeerView {
  const spec = { gatewayRef: { name: 'edge' }, routes: [...routes] };
  const about = meta(name, { namespace, uid: `uid-${namespace}-${name}`, resourceVersion: String(version) });
  return { ...about, spec, gatewayKey: `${namespace}/edge`, status: had.length > 0 ? { routes: [...had] } : {} };
}

function edge(allowedPeerRoutes: readonly string[] = ALL, rest: Partial<GatewayView> = {}): GatewayView {
  return gatewayView({ ...PLACED, allowedPeerRoutes: [...allowedPeerRoutes] }, rest);
}

describe('the routes of a peer', () => {
  let world: ReturnType<typeof operatorWorld>;
  beforeEach(() => {
    world = operatorWorld();
    world.caches.gateways.apply(edge());
  });

  function verdict(peer: PeerView, gateway = edge()): string {
    world.caches.peers.apply(peer);
    const { routes, problems } = routesOf(peer, gateway, world);
    return problems[0]?.code ?? routes.join();
  }

  it('are its own as long as it is, also when another one asks for them', () => {
    expect(verdict(site('b', { routes: [SITE] }))).toBe(SITE);
    world.networks.settle('net/b');
    world.caches.peers.apply(site('b', { routes: [SITE], had: [SITE], version: 2 }));
    expect(verdict(site('a', { routes: [SITE] }))).toBe('RouteOverlap');
    world.caches.peers.remove(site('b', { version: 3 }));
    expect(verdict(site('a', { routes: [SITE], version: 2 }))).toBe(SITE);
  });

  it('go to another one as soon as its spec asks no more, while its status still has them', () => {
    world.caches.peers.apply(site('b', { routes: [], had: [SITE] }));
    expect(verdict(site('a', { routes: [SITE] }))).toBe(SITE);
  });

  it('count as granted from the decision on, before the status shows it, until that is over', () => {
    expect(verdict(site('b', { routes: [SITE] }))).toBe(SITE);
    expect(verdict(site('a', { routes: [SITE] }))).toBe('RouteOverlap');
    expect(world.networks.settle('net/b')).toEqual([SITE]);
    expect(verdict(site('a', { routes: [SITE] }))).toBe(SITE);
    world.caches.peers.apply(site('a', { routes: [SITE], had: [SITE], version: 2 }));
    expect(world.networks.settle('net/a')).toEqual([]);
  });

  it('are not kept from it by a claim that its own gateway does not allow', () => {
    world.caches.peers.apply(site('a', { routes: [SITE], namespace: 'far' }));
    expect(verdict(site('b', { routes: [SITE] }))).toBe(SITE);
    world.networks.settle('net/b');
    world.caches.gateways.apply(edge(ALL, meta('edge', { namespace: 'far', uid: 'uid-far' })));
    expect(verdict(site('b', { routes: [SITE], version: 2 }))).toBe('RouteOverlap');
  });

  it('are not those of a peer that cannot be read, which keeps what it has', () => {
    const { spec: _, ...rest } = site('b', { had: [SITE] });
    world.caches.peers.apply({ ...rest, invalid: { code: 'InvalidObject', message: 'm' } });
    expect(verdict(site('a', { routes: [SITE] }))).toBe('RouteOverlap');
  });

  it('stay with one that cannot be read, as far as they are allowed', () => {
    const { spec: _, ...rest } = site('b', { had: [SITE, '10.0.0.0/8'] });
    const unreadable = { ...rest, invalid: { code: 'InvalidObject', message: 'm' } } as const;
    expect(routesOf(unreadable, edge(), world).kept).toEqual([SITE]);
  });

  it('are no pool of any gateway, and no network of a node; either can go', () => {
    const other = gatewayView({}, { ...meta('zother'), spec: { pools: [{ cidr: '192.168.7.0/26' }] } });
    const granted = {
      ...other,
      status: { pools: [{ cidr: '192.168.7.0/26', capacity: 0, allocated: 0, quarantined: 0 }] },
    };
    world.caches.gateways.apply(granted);
    expect(verdict(site('a', { routes: [SITE] }))).toBe('RouteOverlap');
    world.caches.gateways.remove({ ...granted, resourceVersion: '2' });
    world.caches.nodes.apply(nodeView('n9', { podCIDRs: ['192.168.4.0/22'] }));
    expect(verdict(site('a', { routes: [SITE], version: 2 }))).toBe('ClusterOverlap');
    world.caches.nodes.apply(nodeView('n9', { podCIDRs: [], resourceVersion: '2' }));
    expect(verdict(site('a', { routes: [SITE], version: 3 }))).toBe(SITE);
  });

  it('are found among those of 10,000 peers without a look at each', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => {
      const routes = [`172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) << 4}/28`];
      return site(`p${index}`, { routes, had: routes });
    });
    for (const peer of many) world.caches.peers.apply(peer);
    const start = performance.now();
    const gateway = edge(['172.16.0.0/12']);
    const refused = many.filter((peer) => routesOf(peer, gateway, world).problems.length > 0);
    expect(refused).toEqual([]);
    // at 10,000 looks each it would be minutes
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

const NETWORKS = ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.0/24', '11.0.0.0/8'];
const PEERS = ['a', 'b', 'c'];
const ALLOWANCES = [['10.0.0.0/9'], ['10.0.0.0/8'], ['0.0.0.0/1']];

/** The API server, as far as peers and their gateway go: a write counts only if it was decided on the latest version. */
class Server {
  readonly peers = new Map<string, PeerView>();
  gateway = edge(['0.0.0.0/1']);
  #version = 1;

  constructor() {
    for (const name of PEERS) this.peers.set(name, site(name));
  }

  edit(name: string, routes: readonly string[]): void {
    const { status, generation } = this.peer(name);
    const edited = site(name, { routes, version: this.#next() });
    this.peers.set(name, { ...edited, status, generation: generation + 1 });
  }

  write(decidedOn: PeerView, routes: readonly string[]): void {
    const { name, resourceVersion, generation } = decidedOn;
    if (this.peer(name).resourceVersion !== resourceVersion) return;
    const status = { routes: [...routes], observedGeneration: generation };
    this.peers.set(name, { ...decidedOn, status, resourceVersion: String(this.#next()) });
  }

  allow(networks: readonly string[]): void {
    this.gateway = edge(networks, { resourceVersion: String(this.#next()) });
  }

  peer(name: string): PeerView {
    return this.peers.get(name) ?? site(name);
  }

  #next(): number {
    this.#version += 1;
    return this.#version;
  }
}

/** One process with caches of its own, which show what it was shown. */
class Process {
  readonly #world = operatorWorld();
  readonly #server: Server;
  readonly #inHand = new Map<string, { peer: PeerView; routes: readonly string[] }>();

  constructor(server: Server) {
    this.#server = server;
    this.seeGateway();
    for (const name of PEERS) this.see(name);
  }

  get networks(): NetworkClaims {
    return this.#world.networks;
  }

  see(name: string): void {
    this.#world.caches.peers.apply(this.#server.peer(name));
  }

  seeGateway(): void {
    this.#world.caches.gateways.apply(this.#server.gateway);
  }

  begin(name: string): void {
    const peer = this.#world.caches.peers.get(`net/${name}`);
    const gateway = this.#world.caches.gateways.get('net/edge');
    if (!peer || !gateway || this.#inHand.has(name)) return;
    this.#inHand.set(name, { peer, routes: routesOf(peer, gateway, this.#world).routes });
  }

  end(name: string): void {
    const decided = this.#inHand.get(name);
    if (!decided) return;
    this.#inHand.delete(name);
    const before = this.#server.peer(name);
    this.#server.write(decided.peer, decided.routes);
    // the answer to a write that succeeded goes into the cache, nothing else does
    if (this.#server.peer(name) !== before) this.see(name);
    this.networks.settle(`net/${name}`);
  }
}

function overlapping(server: Server): string[] {
  const granted = PEERS.flatMap((name) =>
    claimsOfPeer(server.peer(name)).flatMap((claim) => (claim.granted ? [{ name, network: claim.network }] : [])),
  );
  return granted.flatMap((one) =>
    granted
      .filter((other) => one.name < other.name && overlaps(one.network, other.network))
      .map((other) => `${one.name} ${one.network} ${other.name} ${other.network}`),
  );
}

const name = fc.constantFrom(...PEERS);
const edit = fc.record({
  type: fc.constant('edit' as const),
  name,
  routes: fc.subarray(NETWORKS, { minLength: 1, maxLength: 2 }),
});
const allow = fc.record({ type: fc.constant('allow' as const), networks: fc.constantFrom(...ALLOWANCES) });
const on = <T extends string>(type: T) => fc.record({ type: fc.constant(type), name, process: fc.nat(1) });

const often = <T>(arbitrary: fc.Arbitrary<T>) => ({ arbitrary, weight: 5 });

test('one operator never gives overlapping networks to two peers, whatever is edited and in flight', () => {
  const step = fc.oneof(often(edit), often(on('begin')), often(on('end')), allow);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const server = new Server();
      const operator = new Process(server);
      for (const one of steps) {
        if (one.type === 'allow') {
          server.allow(one.networks);
          operator.seeGateway();
        } else if (one.type === 'edit') {
          const { status, generation } = server.peer(one.name);
          // what is asked for again before its end was decided still counts as granted
          if (generation > 1 && status.observedGeneration !== generation) continue;
          server.edit(one.name, one.routes);
          operator.see(one.name);
        } else operator[one.type](one.name);
        expect(overlapping(server)).toEqual([]);
      }
    }),
    { numRuns: 400 },
  );
});

test('two operators that lag behind never end with overlapping networks granted, and end in a few rounds', () => {
  const step = fc.oneof(often(edit), often(on('see')), often(on('begin')), often(on('end')), allow);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const server = new Server();
      const operators = [new Process(server), new Process(server)];
      for (const one of steps) {
        if (one.type === 'allow') server.allow(one.networks);
        else if (one.type === 'edit') server.edit(one.name, one.routes);
        else operators[one.process]?.[one.type](one.name);
      }
      const rounds = settledAfter(server, operators);
      expect(rounds).toBeLessThanOrEqual(PEERS.length + 1);
      expect(overlapping(server)).toEqual([]);
      for (const peer of server.peers.values()) {
        const allowed = (server.gateway.status.allowedPeerRoutes ?? []).flatMap((text) => parsePrefix(text) ?? []);
        const outside = (peer.status.routes ?? [])
          .flatMap((text) => parsePrefix(text) ?? [])
          .filter((network) => !allowed.some((one) => overlaps(one, network)));
        expect(outside).toEqual([]);
      }
    }),
    { numRuns: 400 },
  );
});

/** Everybody sees everything and decides on it, in turn, until nothing changes any more. */
function settledAfter(server: Server, operators: readonly Process[]): number {
  for (const operator of operators) for (const peer of PEERS) operator.end(peer);
  for (let round = 1; ; round++) {
    const before = routesIn(server);
    for (const operator of operators) {
      for (const peer of PEERS) {
        operator.seeGateway();
        PEERS.forEach((other) => operator.see(other));
        operator.begin(peer);
        operator.end(peer);
      }
    }
    if (routesIn(server) === before || round > 20) return round;
  }
}

function routesIn(server: Server): string {
  return [...server.peers.values()].map(({ status }) => (status.routes ?? []).join()).join(';');
}
