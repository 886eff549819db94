import type { HeldAddress, Holder } from '../../mesh/book-block.ts';
import type { Address } from '../../mesh/model.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Caches } from '../world/caches.ts';
import type { AgentLiveness } from '../world/liveness.ts';
import type { Reports } from '../world/reports.ts';
import type { PeerView } from '../world/views.ts';

export interface QuarantineDeps {
  readonly caches: Pick<Caches, 'peers' | 'gateways'>;
  readonly reports: Reports;
  readonly liveness: AgentLiveness;
  readonly clock: Clock;
  /** At least this long after a peer went. */
  readonly quarantineMs: number;
}

/** How long a re-created peer waits for the address of its predecessor before it takes another. */
const PATIENCE_MS = 30_000;

/**
 * When a quarantined address may be given to anybody.
 *
 * | its holder                  | free when                                                             |
 * |---|---|
 * | gone                        | every live agent has reported it gone, and the quarantine time is over |
 * | there, with other addresses | the agent has acknowledged exactly those, or a disabled peer gone      |
 */
export function mayBeFreed({ address, holder }: HeldAddress, deps: QuarantineDeps): boolean {
  const peer = deps.caches.peers.byUid(holder.peer.uid);
  if (peer) return movedAway(peer, address);
  return remainingMs(holder, deps) <= 0 && isReportedGone(holder, deps);
}

/** Milliseconds until the quarantine time is over; 0 or less: it is. */
export function remainingMs({ releaseTime }: Holder, { clock, quarantineMs }: QuarantineDeps): number {
  return quarantineMs - ageMs(releaseTime, clock);
}

/** Whether the re-created peer of the same name gets the address back, waits for it, or takes another. */
export function returnPolicy({ address, holder }: HeldAddress, deps: QuarantineDeps): 'Return' | 'Wait' | 'Skip' {
  if (deps.caches.peers.byUid(holder.peer.uid))
    return movedAway(deps.caches.peers.byUid(holder.peer.uid), address) ? 'Return' : 'Skip';
  if (isReportedGone(holder, deps)) return 'Return';
  return ageMs(holder.releaseTime, deps.clock) < PATIENCE_MS ? 'Wait' : 'Skip';
}

/** A missing report means unknown, so the agent of the gateway's node must have told everything. */
function isReportedGone({ peer, gateway }: Holder, { caches, reports, liveness }: QuarantineDeps): boolean {
  const alive = (nodeName: string) => liveness.state(nodeName) !== 'Lapsed';
  if (reports.nodesWith(peer.uid).some(alive)) return false;
  const nodeName = caches.gateways.get(`${gateway.namespace}/${gateway.name}`)?.status.nodeName;
  return nodeName === undefined || !alive(nodeName) || reports.complete(nodeName);
}

function movedAway(peer: PeerView | undefined, address: Address): boolean {
  const programmed = peer?.status.conditions?.find((condition) => condition.type === 'Programmed');
  const isAcknowledged = programmed?.status === 'True' || programmed?.reason === 'Disabled';
  return isAcknowledged && !(peer?.status.addresses ?? []).includes(address);
}

function ageMs(releaseTime: string | undefined, clock: Clock): number {
  return clock.now() - Date.parse(releaseTime ?? '');
}
