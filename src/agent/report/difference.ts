import type { NodeReportSpec, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import { sameJson } from '../../mesh/merge-patch.ts';

/**
 * How much a report as it is stored lags behind.
 *
 * - None: only observedTime and counters of bytes differ, which go along with whatever is written next.
 * - Refresh: handshake times and endpoints differ, in the same states.
 * - Transition: a connection has another state.
 * - Change: anything else, and the first handshake of a peer, for which a person waits.
 */
export type Difference = 'None' | 'Refresh' | 'Transition' | 'Change';

export function differenceOf(stored: NodeReportSpec | undefined, now: NodeReportSpec): Difference {
  if (stored === undefined) return 'Change';
  if (!sameJson(withoutPeers(stored), withoutPeers(now))) return 'Change';
  const before = stored.peers ?? [];
  const after = now.peers ?? [];
  const byUid = new Map(before.map((entry) => [entry.uid, entry]));
  if (before.length !== after.length) return 'Change';
  const differences = new Set(after.map((entry) => entryDifference(byUid.get(entry.uid), entry)));
  return ORDER.find((difference) => differences.has(difference)) ?? 'None';
}

const ORDER: readonly Difference[] = ['Change', 'Transition', 'Refresh', 'None'];

function entryDifference(before: ReportedPeer | undefined, after: ReportedPeer): Difference {
  if (before === undefined || !sameJson(withoutConnection(before), withoutConnection(after))) return 'Change';
  return connectionDifference(before.connection, after.connection);
}

function connectionDifference(before: ReportedPeer['connection'], after: ReportedPeer['connection']): Difference {
  if (sameJson(withoutBytes(before), withoutBytes(after))) return 'None';
  if (before === undefined || after === undefined) return 'Change';
  if (before.state === after.state) return 'Refresh';
  return before.state === 'Never' && after.state === 'Connected' ? 'Change' : 'Transition';
}

function withoutPeers({ peers: _peers, observedTime: _time, ...rest }: NodeReportSpec): object {
  return rest;
}

function withoutBytes(connection: ReportedPeer['connection']): object | undefined {
  if (connection === undefined) return undefined;
  const { receivedBytes: _received, sentBytes: _sent, ...rest } = connection;
  return rest;
}

function withoutConnection({ connection: _connection, ...rest }: ReportedPeer): object {
  return rest;
}
