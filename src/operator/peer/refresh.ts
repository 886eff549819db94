import type { Connection } from '../../api/v1alpha1/peer.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Caches } from '../world/caches.ts';
import type { PeerObject } from '../world/kinds.ts';
import type { Reports } from '../world/reports.ts';
import type { PeerView } from '../world/views.ts';
import type { StatusTarget } from '../write-status.ts';
import { writeStatus } from '../write-status.ts';
import { reportedConnection } from './connection.ts';

export interface RefreshDeps {
  readonly caches: Pick<Caches, 'peers' | 'gateways'>;
  readonly reports: Reports;
  readonly target: StatusTarget<PeerObject, PeerView>;
  readonly clock: Clock;
  readonly log: Log;
}

/** 20 writes a minute for the whole operator: at most five minutes old with 100 connected peers, honest about it with more. */
const EVERY_MS = 3_000;

/** Keeps the handshake times in the statuses of connected peers from growing old, oldest first, within the budget. */
export async function refreshConnections(deps: RefreshDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await deps.clock.sleep(EVERY_MS, signal);
    if (signal.aborted) return;
    const stale = stalest(deps);
    if (stale) await refresh(stale, deps, signal);
  }
}

interface Stale {
  readonly peer: PeerView;
  readonly connection: Connection;
}

function stalest(deps: RefreshDeps): Stale | undefined {
  let found: Stale | undefined;
  for (const peer of deps.caches.peers.values()) {
    const shown = peer.status.connection;
    if (shown?.state !== 'Connected') continue;
    if (!isOlder(shown.observedTime, found?.peer.status.connection?.observedTime)) continue;
    const connection = newerConnection(peer, deps);
    if (connection) found = { peer, connection };
  }
  return found;
}

function newerConnection(peer: PeerView, { caches, reports }: RefreshDeps): Connection | undefined {
  const nodeName = caches.gateways.get(peer.gatewayKey)?.status.nodeName ?? '';
  const connection = reportedConnection(reports.peer(nodeName, peer.uid));
  const newer = isOlder(peer.status.connection?.observedTime, connection?.observedTime ?? '');
  return connection?.state === 'Connected' && newer ? connection : undefined;
}

/** RFC 3339 in UTC compares as text; an absent `than` is newer than all. */
function isOlder(time: string | undefined, than: string | undefined): boolean {
  return than === undefined || (time ?? '') < than;
}

async function refresh({ peer, connection }: Stale, deps: RefreshDeps, signal: AbortSignal): Promise<void> {
  try {
    await writeStatus(peer, { ...peer.status, connection }, { target: deps.target, signal });
  } catch (error) {
    if (signal.aborted || isConflict(error) || isNotFound(error)) return;
    deps.log.warn({ error, peer: `${peer.namespace}/${peer.name}` }, 'connection not refreshed');
  }
}
