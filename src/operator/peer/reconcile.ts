import { keyOf, refOf } from '../../kube/object.ts';
import type { Again } from '../../kube/worker.ts';
import type { AddressBook } from '../../mesh/address-book.ts';
import type { Address } from '../../mesh/model.ts';
import { peerStatus } from '../../mesh/peer-status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Addresses } from '../addresses/addresses.ts';
import type { StatusTarget } from '../write-status.ts';
import { writeStatus } from '../write-status.ts';
import type { Caches } from '../world/caches.ts';
import type { PeerObject } from '../world/kinds.ts';
import type { AgentLiveness } from '../world/liveness.ts';
import type { Reports } from '../world/reports.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { peerAcknowledgement } from './acknowledgement.ts';
import { connectionOf, offDevice } from './connection.ts';
import type { DecideDeps, Outlook } from './decide.ts';
import { decidePeer } from './decide.ts';
import type { PeerSecrets } from './peer-secrets.ts';

export interface PeerDeps extends DecideDeps {
  readonly caches: Caches;
  readonly addresses: Addresses;
  readonly secrets: Pick<PeerSecrets, 'ensure' | 'doubt' | 'abandon'>;
  readonly book: AddressBook;
  readonly reports: Reports;
  readonly liveness: AgentLiveness;
  readonly target: StatusTarget<PeerObject, PeerView>;
  readonly clock: Clock;
  /** The status that decides about the peer's file is written. */
  readonly onDecided: (key: string) => void;
}

/** How soon to look again for an address that comes back from quarantine. */
const RETURN_MS = 500;
/** Secrets cannot be watched: how often to look at one that is in the way, or that the peer waits for. */
const SECRET_MS = 5_000;

/** Decides about one peer, records its addresses and its key, and says so in its status. */
export async function reconcilePeer(key: string, deps: PeerDeps, signal: AbortSignal): Promise<Again | void> {
  const peer = deps.caches.peers.get(key);
  if (!peer) return deps.secrets.abandon(refOf(key), signal);
  const gateway = deps.caches.gateways.get(peer.gatewayKey);
  const outlook = await decidePeer({ peer, gateway }, deps, signal);
  const written = await writeStatus(peer, statusOf({ peer, gateway, outlook }, deps), { target: deps.target, signal });
  deps.onDecided(keyOf(peer));
  if (outlook.final) await releaseOthers(written, outlook.decision?.addresses ?? [], deps);
  return againFor(outlook);
}

function againFor({ waiting, isAboutSecret }: Outlook): Again | undefined {
  if (waiting?.code === 'Progressing') return { againAfterMs: RETURN_MS };
  return isAboutSecret ? { againAfterMs: SECRET_MS } : undefined;
}

function statusOf(
  { peer, gateway, outlook }: { peer: PeerView; gateway: GatewayView | undefined; outlook: Outlook },
  deps: PeerDeps,
) {
  const now = new Date(deps.clock.now()).toISOString();
  const state = peer.spec?.state ?? 'Enabled';
  const { decision } = outlook;
  const acknowledgement = peerAcknowledgement({ peer, gateway, decision }, deps.reports);
  const connection = state === 'Enabled' ? connectionFor(peer, { gateway, now }, deps) : undefined;
  const facts = { ...outlook, generation: peer.generation, state, acknowledgement, ...(connection && { connection }) };
  return peerStatus(peer.status, facts, now);
}

function connectionFor(
  peer: PeerView,
  { gateway, now }: { gateway: GatewayView | undefined; now: string },
  { reports, liveness }: PeerDeps,
) {
  const nodeName = gateway?.status.nodeName;
  const previous = peer.status.connection;
  if (!nodeName) return reports.nodesWith(peer.uid).length === 0 ? offDevice(previous, now) : previous;
  return connectionOf({ previous, report: reports.peer(nodeName, peer.uid), agent: liveness.state(nodeName), now });
}

/** What the status now no longer mentions goes into quarantine. */
async function releaseOthers(peer: PeerView, kept: readonly Address[], deps: PeerDeps): Promise<void> {
  const others = deps.book.addressesOf(peer.uid).filter((address) => !kept.includes(address));
  if (others.length > 0) await deps.addresses.release(peer, others);
}
