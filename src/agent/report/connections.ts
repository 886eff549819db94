import type { ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import type { CurrentPeer } from '../../mesh/model.ts';
import type { ConnectionMemory, ConnectionSample } from '../../mesh/connection.ts';
import { connectionAfter } from '../../mesh/connection.ts';

type ReportedConnection = NonNullable<ReportedPeer['connection']>;

/** The connections of all peers on this node, from one look at a device to the next. */
export class Connections {
  readonly #memory = new Map<string, ConnectionMemory>();
  /** What an earlier process reported: a restart is no change of state. */
  readonly #seeds = new Map<string, ReportedConnection>();

  seed(uid: string, connection: ReportedConnection): void {
    this.#seeds.set(uid, connection);
  }

  look(uid: string, peer: CurrentPeer, nowMs: number): ReportedConnection {
    const { lastHandshakeMs, rxBytes, txBytes, endpoint } = peer;
    const sample = { nowMs, rxBytes, txBytes, ...(lastHandshakeMs !== undefined && { lastHandshakeMs }) };
    const memory = connectionAfter(this.#memory.get(uid) ?? this.#seeded(uid, sample), sample);
    this.#memory.set(uid, memory);
    return {
      state: memory.state,
      sinceTime: timeOf(memory.sinceMs),
      ...(lastHandshakeMs !== undefined && { lastHandshakeTime: timeOf(lastHandshakeMs) }),
      ...(endpoint !== undefined && { endpoint: endpoint.slice(0, 64) }),
      receivedBytes: rxBytes,
      sentBytes: txBytes,
    };
  }

  /** The peer is off the device: when it comes back, it begins anew. */
  forget(uid: string): void {
    this.#memory.delete(uid);
    this.#seeds.delete(uid);
  }

  #seeded(uid: string, sample: ConnectionSample): ConnectionMemory | undefined {
    const seed = this.#seeds.get(uid);
    this.#seeds.delete(uid);
    if (seed?.sinceTime === undefined) return undefined;
    return { state: seed.state, sinceMs: Date.parse(seed.sinceTime), last: sample };
  }
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
