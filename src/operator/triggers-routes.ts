import { keyOf } from '../kube/object.ts';
import type { Change } from '../kube/store.ts';
import { overlaps } from '../mesh/ip/prefix.ts';
import type { Prefix } from '../mesh/model.ts';
import { sameJson } from '../mesh/merge-patch.ts';
import type { Queues } from './queues.ts';
import type { Caches } from './world/caches.ts';
import { changesNetworks, networksOfNode } from './world/cluster-networks.ts';
import type { NetworkClaims } from './world/network-claims.ts';
import { claimsOfPeer, poolsMentioned } from './world/network-claims.ts';
import type { GatewayView, NodeView, PeerView } from './world/views.ts';

export interface RouteTriggerDeps {
  readonly caches: Pick<Caches, 'peers' | 'gateways' | 'nodes' | 'serviceCIDRs'>;
  readonly queues: Pick<Queues, 'peers' | 'gateways'>;
  readonly networks: NetworkClaims;
}

/** Says whom it concerns when a network is given up, granted to two at once, or becomes one of the cluster. */
export function connectRouteTriggers(deps: RouteTriggerDeps): void {
  const { caches } = deps;
  caches.peers.subscribe((change) => {
    for (const network of givenUp(change)) lookAgain(network, deps);
    if (change.type !== 'Deleted') rivalsOf(change, deps);
  });

  caches.gateways.subscribe((change) => {
    if (change.type === 'Modified' && !changesClaims(change.old, change.object)) return;
    // a pool that went or came, one that is granted though a peer was given a route there while that was decided, or an
    // allowance that makes a claim count, or no longer
    const pools = [change.object, ...(change.type === 'Modified' ? [change.old] : [])].flatMap(poolsMentioned);
    for (const pool of new Set(pools)) lookAgain(pool, deps);
    stalled('RouteOverlap', deps);
  });

  caches.nodes.subscribe((change) => {
    if (changesNetworks(change)) clusterChanged(change, deps);
  });
  caches.serviceCIDRs.subscribe(() => {
    stalled('ClusterOverlap', deps);
    for (const { prefix } of deps.networks.cluster.list) peersOn(prefix, deps);
  });
}

/** What follows when the reconcile of a peer is over: what it had in hand and did not get is free again. */
export function routesSettled(key: string, deps: RouteTriggerDeps): void {
  for (const network of deps.networks.settle(key)) lookAgain(network, deps, key);
}

/** Networks that a peer had or wanted, and now has no more or wants less than it had them. */
function givenUp(change: Change<PeerView>): Prefix[] {
  if (change.type === 'Added') return [];
  const before = claimsOfPeer(change.type === 'Modified' ? change.old : change.object);
  const after = change.type === 'Modified' ? claimsOfPeer(change.object) : [];
  if (before === after || before.length === 0) return [];
  const still = new Map(after.map(({ network, granted }) => [network, granted]));
  return before
    .filter(({ network, granted }) => !still.has(network) || (granted && !still.get(network)))
    .map(networkOf);
}

/** A network that has just been granted may have been granted to somebody else too, by an operator that lagged behind. */
function rivalsOf(change: Change<PeerView>, deps: RouteTriggerDeps): void {
  const had = new Set(change.type === 'Modified' ? grantedTo(change.old) : []);
  const own = keyOf(change.object);
  for (const network of grantedTo(change.object)) {
    if (had.has(network)) continue;
    for (const key of deps.networks.peersOn(network)) {
      const peer = key === own ? undefined : deps.caches.peers.get(key);
      if (peer && grantedTo(peer).some((other) => overlaps(other, network))) deps.queues.peers.add(key);
    }
  }
}

function changesClaims(old: GatewayView, next: GatewayView): boolean {
  const relevant = (gateway: GatewayView) => [
    poolsMentioned(gateway),
    gateway.status.pools?.map(({ cidr }) => cidr),
    gateway.status.allowedPeerRoutes,
  ];
  return !sameJson(relevant(old), relevant(next));
}

function clusterChanged(change: Change<NodeView>, deps: RouteTriggerDeps): void {
  stalled('ClusterOverlap', deps);
  if (change.type !== 'Deleted') for (const network of networksOfNode(change.object)) peersOn(network, deps);
}

/** Everybody with a claim to the network. */
function lookAgain(network: Prefix, deps: RouteTriggerDeps, except?: string): void {
  peersOn(network, deps, except);
  for (const key of deps.networks.gatewaysOn(network)) deps.queues.gateways.add(key);
}

function peersOn(network: Prefix, { networks, queues }: RouteTriggerDeps, except?: string): void {
  for (const key of networks.peersOn(network)) if (key !== except) queues.peers.add(key);
}

function stalled(reason: string, { caches, queues }: RouteTriggerDeps): void {
  caches.peers.by('stalled', reason).forEach((peer) => queues.peers.add(keyOf(peer)));
}

function grantedTo(peer: PeerView): Prefix[] {
  return claimsOfPeer(peer)
    .filter(({ granted }) => granted)
    .map(networkOf);
}

function networkOf({ network }: { readonly network: Prefix }): Prefix {
  return network;
}
