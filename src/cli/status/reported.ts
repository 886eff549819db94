import type { WireGuardNodeReport } from '../../api/v1alpha1/node-report.ts';
import type { Connection } from '../../api/v1alpha1/peer.ts';

/** What a node's agent reported of one peer on its device. */
export type ReportedConnection = Omit<Connection, 'state'> & { readonly state: Connection['state'] };

/** The newest report of each peer, by uid. After a move two nodes may report one; only the newer counts. */
export function reportedConnections(reports: readonly WireGuardNodeReport[]): ReadonlyMap<string, ReportedConnection> {
  const found = new Map<string, ReportedConnection>();
  for (const { spec } of reports) {
    for (const { uid, digest, connection } of spec.peers ?? []) {
      // without a digest it is not on the device, and a connection is from before
      if (connection === undefined || digest === undefined) continue;
      const { observedTime, nodeName } = spec;
      const before = found.get(uid)?.observedTime;
      if (before !== undefined && Date.parse(before) >= Date.parse(observedTime)) continue;
      found.set(uid, { ...connection, observedTime, nodeName });
    }
  }
  return found;
}
