import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import { Reflector } from '../../kube/reflector.ts';
import type { Projected } from '../../kube/store.ts';
import { Store } from '../../kube/store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import * as project from './projections.ts';
import type {
  BlockView,
  GatewayView,
  LeaseView,
  NodeConfigView,
  NodeView,
  PeerView,
  PolicyView,
  ReportView,
  ServiceCIDRView,
} from './views.ts';
import * as kinds from './kinds.ts';

/** Everything the operator watches, as it last saw it. */
export interface Caches {
  readonly gateways: Store<GatewayView>;
  /** Indexes: `gateway` (namespace/name), `key` (gateway key and public key), `stalled` (reason). */
  readonly peers: Store<PeerView>;
  readonly blocks: Store<BlockView>;
  readonly nodeConfigs: Store<NodeConfigView>;
  readonly reports: Store<ReportView>;
  readonly nodes: Store<NodeView>;
  readonly serviceCIDRs: Store<ServiceCIDRView>;
  readonly leases: Store<LeaseView>;
  readonly policies: Store<PolicyView>;
  readonly bindings: Store<PolicyView>;
}

export interface CachesDeps {
  readonly client: KubeClient;
  /** The operator's own namespace. */
  readonly namespace: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Told of every failure of the watch on Leases. */
  readonly onLeasesInterrupted: () => void;
}

/** Empty caches; nothing is watched before `followAll`. */
export function createCaches(): Caches {
  return {
    gateways: new Store<GatewayView>(),
    peers: new Store<PeerView>({
      indexes: { gateway: (peer) => [peer.gatewayKey], key: peerKeys, stalled: stalledReason },
    }),
    blocks: new Store<BlockView>(),
    nodeConfigs: new Store<NodeConfigView>(),
    reports: new Store<ReportView>(),
    nodes: new Store<NodeView>(),
    serviceCIDRs: new Store<ServiceCIDRView>(),
    leases: new Store<LeaseView>(),
    policies: new Store<PolicyView>(),
    bindings: new Store<PolicyView>(),
  };
}

/** Under which name a peer is found by its public keys: the one it asks for and the one it was granted. */
export function keyIndexValue(gatewayKey: string, publicKey: string): string {
  return `${gatewayKey}#${publicKey}`;
}

/** Keeps all caches up to date until the signal aborts. */
export async function followAll(caches: Caches, deps: CachesDeps, signal: AbortSignal): Promise<void> {
  const { namespace } = deps;
  const follow = follower(deps, signal);
  await Promise.all([
    follow(kinds.gateways, caches.gateways, { project: project.gateway }),
    follow(kinds.peers, caches.peers, { project: project.peer }),
    follow(kinds.blocks, caches.blocks, { project: project.block, namespace }),
    follow(kinds.nodeConfigs, caches.nodeConfigs, { project: project.nodeConfig, namespace }),
    follow(kinds.reports, caches.reports, { project: project.report, namespace }),
    follow(kinds.nodes, caches.nodes, { project: project.node }),
    follow(kinds.serviceCIDRs, caches.serviceCIDRs, { project: project.serviceCIDR }),
    follow(kinds.leases, caches.leases, { project: project.lease, namespace, onError: deps.onLeasesInterrupted }),
    follow(kinds.policies, caches.policies, { project: project.policy }),
    follow(kinds.bindings, caches.bindings, { project: project.policy }),
  ]);
}

/** Resolves when every cache has seen a complete list once. */
export async function allSynced(caches: Caches, signal: AbortSignal): Promise<void> {
  await Promise.all(Object.values(caches).map((store: Store<never>) => store.whenSynced(signal)));
}

/** Names of caches that have not seen a complete list yet, for /readyz. */
export function unsynced(caches: Caches): string[] {
  return Object.entries(caches)
    .filter(([, store]: [string, Store<never>]) => !store.synced)
    .map(([name]) => name);
}

function follower(deps: CachesDeps, signal: AbortSignal) {
  const { client, log, clock } = deps;
  return function follow<T extends KubeObject, P extends Projected>(
    resource: Resource<T>,
    store: Store<P>,
    options: { readonly project: (object: T) => P; readonly namespace?: string; readonly onError?: () => void },
  ): Promise<void> {
    return new Reflector({ client, resource, store, log, clock, ...options }).run(signal);
  };
}

function peerKeys(peer: PeerView): string[] {
  const keys = [peer.spec?.publicKey, peer.status.publicKey].filter((key) => key !== undefined);
  return [...new Set(keys)].map((key) => keyIndexValue(peer.gatewayKey, key));
}

function stalledReason(peer: PeerView): string[] {
  const stalled = peer.status.conditions?.find((condition) => condition.type === 'Stalled');
  return stalled ? [stalled.reason] : [];
}
