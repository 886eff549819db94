import type { Connection } from '../../api/v1alpha1/peer.ts';
import type { AgentState } from '../world/liveness.ts';
import type { PeerReport } from '../world/reports.ts';

export interface ConnectionSources {
  /** What the status says now. */
  readonly previous: Connection | undefined;
  readonly report: PeerReport | undefined;
  /** Of the agent of the gateway's node. */
  readonly agent: AgentState;
  /** RFC 3339. */
  readonly now: string;
}

/**
 * The connection as the status should show it. Only transitions count: what the report knows newer of the same state is
 * left to the refresh, bytes included, so that a mesh costs no writes while nothing comes or goes. Connected and Idle are
 * one state here.
 */
export function connectionOf({ previous, report, agent, now }: ConnectionSources): Connection | undefined {
  if (agent === 'Lapsed') return unknownSince(previous, now);
  // after a start nothing is known about the agent, and an old report is no news
  if (agent === 'Unseen' && previous?.state === 'Unknown') return previous;
  const next = reportedConnection(report);
  if (!next) return report ? offDevice(previous, now) : previous;
  const same = previous !== undefined && group(previous) === group(next) && previous.nodeName === next.nodeName;
  return same ? previous : next;
}

/** The newest that an agent has reported of a peer on its device. */
export function reportedConnection(report: PeerReport | undefined): Connection | undefined {
  const seen = report?.entry.connection;
  if (!report || !seen || report.entry.digest === undefined) return undefined;
  const { nodeName, observedTime } = report;
  const { state, sinceTime, lastHandshakeTime, endpoint, receivedBytes, sentBytes } = seen;
  return {
    state,
    ...(sinceTime && { sinceTime }),
    ...(lastHandshakeTime && { lastHandshakeTime }),
    observedTime,
    ...(endpoint && { endpoint }),
    ...(receivedBytes !== undefined && { receivedBytes }),
    ...(sentBytes !== undefined && { sentBytes }),
    nodeName,
  };
}

/** Without a device there is no connection, whatever the last report of one said. */
export function offDevice(previous: Connection | undefined, now: string): Connection | undefined {
  const wasUp = previous !== undefined && group(previous) === 'Connected';
  return wasUp ? { ...previous, state: 'Disconnected', sinceTime: now } : previous;
}

function unknownSince(previous: Connection | undefined, now: string): Connection {
  return previous?.state === 'Unknown' ? previous : { ...previous, state: 'Unknown', sinceTime: now };
}

function group({ state }: Connection): string {
  return state === 'Idle' ? 'Connected' : state;
}
