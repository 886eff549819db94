import { keyOf } from '../../kube/object.ts';
import type { Store } from '../../kube/store.ts';
import { NetworkIndex } from '../../mesh/checks/network-index.ts';
import type { Allowance, NetworkClaim } from '../../mesh/checks/routes.ts';
import { allows, claimedRoutes } from '../../mesh/checks/routes.ts';
import { contains, overlaps, parsePrefix } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { Caches } from './caches.ts';
import { ClusterNetworks } from './cluster-networks.ts';
import type { GatewayView, PeerView } from './views.ts';

export interface FixedNetworks {
  /** Addresses of the API server, as far as they are addresses. */
  readonly apiServer: readonly string[];
  /** What the administrator forbids besides. */
  readonly forbidden: readonly string[];
}

/** Who has or wants which network, as a route of a peer or a pool of a gateway; follows the caches one object at a time. */
export class NetworkClaims {
  readonly cluster: ClusterNetworks;
  readonly #caches: Pick<Caches, 'peers' | 'gateways'>;
  /** Keys of peers and gateways by every network of their specs and statuses. */
  readonly #routes = new NetworkIndex<string>();
  readonly #pools = new NetworkIndex<string>();
  /** By key of the peer: what a reconcile that is not over yet has decided. */
  readonly #deciding = new Map<string, { readonly uid: string; readonly networks: readonly Prefix[] }>();

  constructor(caches: Pick<Caches, 'peers' | 'gateways' | 'nodes' | 'serviceCIDRs'>, fixed: FixedNetworks) {
    this.#caches = caches;
    this.cluster = new ClusterNetworks(caches, fixed);
    follow(caches.peers, routesMentioned, this.#routes);
    follow(caches.gateways, poolsMentioned, this.#pools);
  }

  /** All claims that overlap a network: of pools, and of routes as far as they are granted, or allowed by their gateway. */
  *claimsOn(network: Prefix): IterableIterator<NetworkClaim> {
    for (const key of this.gatewaysOn(network)) {
      const gateway = this.#caches.gateways.get(key);
      if (gateway) yield* poolClaims(gateway, network);
    }
    yield* this.routeClaimsOn(network);
  }

  *routeClaimsOn(network: Prefix): IterableIterator<NetworkClaim> {
    for (const key of this.peersOn(network)) {
      const peer = this.#caches.peers.get(key);
      if (peer) yield* this.#routeClaims(peer, network);
    }
  }

  /** Keys of the peers with a route in spec or status that overlaps the network. */
  peersOn(network: Prefix): ReadonlySet<string> {
    return new Set(this.#routes.overlapping(network));
  }

  /** Keys of the gateways with a pool in spec or status that overlaps the network. */
  gatewaysOn(network: Prefix): ReadonlySet<string> {
    return new Set(this.#pools.overlapping(network));
  }

  /** From now on the networks count as granted to the peer, before its status says so. */
  decide(peer: PeerView, networks: readonly Prefix[]): void {
    this.#deciding.set(keyOf(peer), { uid: peer.uid, networks });
  }

  /** The reconcile of the peer is over. Gives back the networks that it decided and its status does not have. */
  settle(key: string): readonly Prefix[] {
    const decided = this.#deciding.get(key);
    if (!decided) return [];
    this.#deciding.delete(key);
    const had = statusRoutes(this.#caches.peers.get(key));
    return decided.networks.filter((network) => !isInside(network, had));
  }

  *#routeClaims(peer: PeerView, network: Prefix): IterableIterator<NetworkClaim> {
    const deciding = this.#deciding.get(keyOf(peer));
    const soon = deciding?.uid === peer.uid ? deciding.networks : [];
    for (const claim of claimsOfPeer(peer)) {
      if (!overlaps(claim.network, network)) continue;
      const granted = claim.granted || isInside(claim.network, soon);
      // otherwise whoever may create a peer could keep any network of the cluster from everybody
      if (granted || this.#isAllowed(peer, claim.network)) yield claimOf('Peer', peer, { ...claim, granted });
    }
  }

  #isAllowed(peer: PeerView, network: Prefix): boolean {
    const gateway = this.#caches.gateways.get(peer.gatewayKey);
    return gateway !== undefined && allows(allowanceOf(gateway), network) === 'now';
  }
}

/** What the gateway allows its peers to have behind them. */
export function allowanceOf(gateway: GatewayView): Allowance {
  return remembered(allowances, gateway, ({ spec, status }) => ({
    asked: prefixes(spec?.allowedPeerRoutes),
    decided: prefixes(status.allowedPeerRoutes),
  }));
}

/** The networks that a peer has or wants, each once. */
export function claimsOfPeer(peer: PeerView): readonly { readonly network: Prefix; readonly granted: boolean }[] {
  return remembered(claimsOf, peer, ({ spec }) => {
    const asked = spec ? prefixes(spec.routes) : undefined;
    return claimedRoutes(asked, statusRoutes(peer));
  });
}

/** The networks of a gateway's spec and of its status. */
export function poolsMentioned({ spec, status }: GatewayView): Prefix[] {
  const texts = [...(spec?.pools ?? []), ...(status.pools ?? [])].map(({ cidr }) => cidr);
  return prefixes([...new Set(texts)]);
}

function routesMentioned(peer: PeerView): Prefix[] {
  return prefixes([...new Set([...(peer.spec?.routes ?? []), ...(peer.status.routes ?? [])])]);
}

/** A view never changes, so what is read from one is read once. */
const allowances = new WeakMap<GatewayView, Allowance>();
const claimsOf = new WeakMap<PeerView, ReturnType<typeof claimedRoutes>>();

function remembered<V extends object, T>(memory: WeakMap<V, T>, view: V, read: (view: V) => T): T {
  const known = memory.get(view);
  if (known !== undefined) return known;
  const value = read(view);
  memory.set(view, value);
  return value;
}

function* poolClaims(gateway: GatewayView, network: Prefix): IterableIterator<NetworkClaim> {
  const granted = prefixes((gateway.status.pools ?? []).map(({ cidr }) => cidr));
  for (const pool of poolsMentioned(gateway)) {
    if (!overlaps(pool, network)) continue;
    yield claimOf('Gateway', gateway, { network: pool, granted: isInside(pool, granted) });
  }
}

function claimOf(
  kind: NetworkClaim['kind'],
  { namespace, name, uid, creationTimestamp }: GatewayView | PeerView,
  claim: { readonly network: Prefix; readonly granted: boolean },
): NetworkClaim {
  return { kind, namespace, name, uid, creationTimestamp, ...claim };
}

function follow<V extends GatewayView | PeerView>(
  store: Pick<Store<V>, 'list' | 'subscribe'>,
  mentioned: (view: V) => readonly Prefix[],
  index: NetworkIndex<string>,
): void {
  const add = (view: V) => mentioned(view).forEach((network) => index.add(network, keyOf(view)));
  const remove = (view: V) => mentioned(view).forEach((network) => index.remove(network, keyOf(view)));
  store.list().forEach(add);
  store.subscribe((change) => {
    if (change.type === 'Modified') remove(change.old);
    if (change.type === 'Deleted') remove(change.object);
    else add(change.object);
  });
}

function statusRoutes(peer: PeerView | undefined): Prefix[] {
  return prefixes(peer?.status.routes);
}

function isInside(network: Prefix, some: readonly Prefix[]): boolean {
  return some.some((outer) => contains(outer, network));
}

function prefixes(texts: readonly string[] | undefined): Prefix[] {
  return (texts ?? []).map(parsePrefix).filter((prefix) => prefix !== undefined);
}
