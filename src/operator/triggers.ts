import { keyOf } from '../kube/object.ts';
import type { Change } from '../kube/store.ts';
import type { AddressBook } from '../mesh/address-book.ts';
import { blockOf } from '../mesh/blocks.ts';
import { parseAddress } from '../mesh/ip/address.ts';
import { sameJson } from '../mesh/merge-patch.ts';
import type { Addresses } from './addresses/addresses.ts';
import type { Queues } from './queues.ts';
import type { Caches } from './world/caches.ts';
import { keyIndexValue } from './world/caches.ts';
import type { Reports } from './world/reports.ts';
import type { AgentLiveness } from './world/liveness.ts';
import type { BlockView, GatewayView, PeerView } from './world/views.ts';

export interface TriggerDeps {
  readonly caches: Caches;
  readonly queues: Queues;
  readonly addresses: Addresses;
  readonly book: AddressBook;
  readonly reports: Reports;
  readonly liveness: AgentLiveness;
  readonly configNamespace: string;
}

const AGENT_LEASE = 'peerwright-agent-';

/** Says which change makes which object worth another look. The one place to see why something is reconciled. */
export function connectTriggers(deps: TriggerDeps): void {
  const { caches, queues, reports, liveness } = deps;
  const allGateways = () => caches.gateways.list().forEach((gateway) => queues.gateways.add(keyOf(gateway)));

  caches.gateways.subscribe((change) => {
    const { object } = change;
    const old = change.type === 'Modified' ? change.old : undefined;
    queues.gateways.add(keyOf(object));
    for (const nodeName of new Set([object.status.nodeName, old?.status.nodeName]))
      if (nodeName) queues.nodes.add(nodeName);
    if (change.type === 'Deleted' || !old || decidesOtherwise(old, object)) {
      peersOf(object, deps).forEach((peer) => queues.peers.add(keyOf(peer)));
      allGateways();
    }
  });

  caches.peers.subscribe((change) => {
    const { object } = change;
    if (object.gatewayKey) queues.gateways.add(object.gatewayKey);
    if (change.type !== 'Deleted') queues.peers.add(keyOf(object));
    rivals(change.type === 'Modified' ? change.old : object, deps);
    if (change.type === 'Deleted') blocksWith(object, deps).forEach((block) => queues.blocks.add(block));
  });

  caches.blocks.subscribe((change) => {
    const { type, object } = change;
    queues.blocks.add(keyOf(object));
    if (type === 'Deleted') deps.addresses.vanished(object.name, object.resourceVersion);
    else observeBlock(object, deps);
    for (const peer of unrecorded(change, deps)) queues.peers.add(keyOf(peer));
    for (const reason of ['AddressInUse', 'PoolExhausted', 'BlockCorrupt']) {
      caches.peers.by('stalled', reason).forEach((peer) => queues.peers.add(keyOf(peer)));
    }
    for (const gateway of caches.gateways.values()) if (wantsAddress(gateway)) queues.gateways.add(keyOf(gateway));
  });

  caches.nodeConfigs.subscribe(({ object }) => {
    queues.nodes.add(object.name);
    allGateways();
  });

  caches.reports.subscribe(({ type, object }) => (type === 'Deleted' ? reports.remove(object) : reports.apply(object)));

  caches.nodes.subscribe((change) => {
    const { object } = change;
    if (change.type === 'Modified' && sameJson(withoutVersion(change.old), withoutVersion(object))) return;
    queues.nodes.add(object.name);
    allGateways();
  });

  caches.serviceCIDRs.subscribe(allGateways);

  caches.leases.subscribe(({ type, object }) => {
    if (type !== 'Deleted' && object.name.startsWith(AGENT_LEASE)) {
      liveness.observe(object.name.slice(AGENT_LEASE.length), object.renewTime);
    }
  });
}

/** What follows when an agent comes or goes. */
export function agentChanged(nodeName: string, { caches, queues }: Pick<TriggerDeps, 'caches' | 'queues'>): void {
  for (const gateway of caches.gateways.values()) {
    queues.gateways.add(keyOf(gateway));
    if (gateway.status.nodeName !== nodeName) continue;
    caches.peers.by('gateway', keyOf(gateway)).forEach((peer) => queues.peers.add(keyOf(peer)));
  }
}

/** What follows when a node's own facts (identity, devices, problems) change. */
export function nodeReported(nodeName: string, { caches, queues }: Pick<TriggerDeps, 'caches' | 'queues'>): void {
  queues.nodes.add(nodeName);
  for (const gateway of caches.gateways.values()) queues.gateways.add(keyOf(gateway));
}

/** What follows when the policies come into force or go. */
export function deliveryChanged({ caches, queues, reports }: Pick<TriggerDeps, 'caches' | 'queues' | 'reports'>): void {
  for (const nodeName of reports.nodeNames) queues.nodes.add(nodeName);
  for (const gateway of caches.gateways.values()) queues.gateways.add(keyOf(gateway));
}

function decidesOtherwise(old: GatewayView, next: GatewayView): boolean {
  const relevant = ({ uid, spec, status }: GatewayView) => ({
    uid,
    spec,
    publicKey: status.publicKey,
    nodeName: status.nodeName,
    listenPort: status.listenPort,
    endpoint: status.endpoint,
    pools: status.pools?.map((pool) => pool.cidr),
    mtu: status.mtu,
    routes: status.routes,
    allowedPeerRoutes: status.allowedPeerRoutes,
  });
  return !sameJson(relevant(old), relevant(next));
}

/** Whether a peer holds the address that the gateway wants for itself. */
function wantsAddress({ status }: GatewayView): boolean {
  return status.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === 'AddressInUse') ?? false;
}

function peersOf(gateway: GatewayView, { caches }: TriggerDeps): readonly PeerView[] {
  return caches.peers.by('gateway', keyOf(gateway));
}

/** Who waits for the key that this peer has had. */
function rivals(peer: PeerView, { caches, queues }: TriggerDeps): void {
  for (const publicKey of new Set([peer.spec?.publicKey, peer.status.publicKey])) {
    if (!publicKey) continue;
    for (const rival of caches.peers.by('key', keyIndexValue(peer.gatewayKey, publicKey))) {
      if (rival.uid !== peer.uid) queues.peers.add(keyOf(rival));
    }
  }
}

function blocksWith(peer: PeerView, { book, configNamespace }: TriggerDeps): string[] {
  return book.addressesOf(peer.uid).map((address) => `${configNamespace}/${blockOf(address).name}`);
}

/** Peers whose records somebody took out of a block: they are recorded again before their addresses are given away. */
function unrecorded(change: Change<BlockView>, deps: TriggerDeps): readonly PeerView[] {
  const { caches } = deps;
  const { object } = change;
  // what a block held that could not be read is known from statuses only
  const wasUnreadable = change.type === 'Modified' ? change.old.invalid : change.type === 'Deleted' && object.invalid;
  if (wasUnreadable) return caches.peers.list().filter((peer) => hasAddressIn(object.name, peer));
  const before = change.type === 'Modified' ? change.old.spec : change.type === 'Deleted' && change.object.spec;
  if (!before) return [];
  const after = change.type === 'Deleted' ? [] : (object.spec?.allocations ?? before.allocations);
  const recorded = new Set(after.map(({ offset, peer }) => `${offset} ${peer.uid}`));
  const missing = before.allocations.filter(
    ({ offset, peer, releaseTime }) => !releaseTime && !recorded.has(`${offset} ${peer.uid}`),
  );
  return missing.map(({ peer }) => caches.peers.byUid(peer.uid)).filter((peer) => peer !== undefined);
}

function hasAddressIn(block: string, { status }: PeerView): boolean {
  const addresses = (status.addresses ?? []).map(parseAddress);
  return addresses.some((address) => address !== undefined && blockOf(address).name === block);
}

function observeBlock(block: BlockView, { addresses, book }: TriggerDeps): void {
  if (block.invalid) book.closeBlock(block.name);
  else addresses.observe(block.name, { ...block, allocations: block.spec.allocations });
}

function withoutVersion(object: { readonly resourceVersion: string }): object {
  return { ...object, resourceVersion: '' };
}
