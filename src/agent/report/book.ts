import type { NodeReportSpec, ReportedDevice, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { DeviceObservation } from '../device/observation.ts';
import { Connections } from './connections.ts';
import { deviceEntry, peerEntry, peerOnDevice, reportedProblems } from './entries.ts';
import { Shards } from './shards.ts';

/** The parts of s000 that change. */
export type NodeFacts = Pick<NodeReportSpec, 'devices' | 'problems'>;

/** Problems of one device that say something about its node. */
const NODE_PROBLEMS: readonly Problem['code'][] = ['WireGuardUnavailable', 'FirewallUnavailable'];

/** Everything that this node has to report, as it is now. Shards count from 1. */
export class ReportBook {
  readonly #shards = new Shards();
  readonly #connections = new Connections();
  readonly #entries = new Map<string, ReportedPeer>();
  /** Which peers each device has accounted for. */
  readonly #observed = new Map<DeviceName, ReadonlySet<string>>();
  readonly #devices = new Map<DeviceName, { readonly entry: ReportedDevice; readonly problems: readonly Problem[] }>();
  /** From an earlier process: stands until a device has been looked at. */
  #adopted: NodeFacts = {};

  get shardCount(): number {
    return this.#shards.count;
  }

  shard(shard: number): ReportedPeer[] {
    return this.#shards.members(shard).flatMap((uid) => this.#entries.get(uid) ?? []);
  }

  adoptNode(facts: NodeFacts): void {
    this.#adopted = facts;
  }

  adoptShard(shard: number, entries: readonly ReportedPeer[]): void {
    this.#shards.adopt(
      shard,
      entries.map(({ uid }) => uid),
    );
    for (const entry of entries) {
      if (!this.#entries.has(entry.uid)) this.#entries.set(entry.uid, entry);
      if (entry.connection) this.#connections.seed(entry.uid, entry.connection);
    }
  }

  /** Takes what a pass has seen; the shards that may be different now. */
  observe(observation: DeviceObservation, nowMs: number): ReadonlySet<number> {
    const { name, peers, problems } = observation;
    const touched = this.#drop(name, new Set(peers.keys()));
    for (const [uid, peer] of peers) {
      const on = peerOnDevice(peer, observation);
      if (on === undefined) this.#connections.forget(uid);
      const connection = on && this.#connections.look(uid, on, nowMs);
      this.#entries.set(uid, { ...peerEntry(uid, peer, observation), ...(connection && { connection }) });
      const shard = this.#shards.place(uid);
      if (shard !== undefined) touched.add(shard);
    }
    this.#devices.set(name, { entry: deviceEntry(observation), problems });
    return touched;
  }

  /** The device is gone, and everything on it. */
  remove(name: DeviceName): ReadonlySet<number> {
    this.#devices.delete(name);
    const touched = this.#drop(name, new Set());
    this.#observed.delete(name);
    return touched;
  }

  /** Every device has been looked at and is as it should be: what nobody accounts for is gone. */
  settle(): ReadonlySet<number> {
    const accounted = new Set([...this.#observed.values()].flatMap((uids) => [...uids]));
    const stale = [...this.#entries.keys()].filter((uid) => !accounted.has(uid));
    return new Set(stale.flatMap((uid) => this.#forget(uid)));
  }

  /** `uids` are the gateways that this node has, `own` the problems of the node that no device has. */
  nodeFacts(uids: ReadonlySet<string>, own: readonly Problem[]): NodeFacts {
    const seen = [...this.#devices.values()];
    const seenUids = new Set(seen.map(({ entry }) => entry.gateway.uid));
    const { devices: adopted = [], problems: adoptedProblems = [] } = this.#adopted;
    const unseen = adopted.filter(({ gateway }) => uids.has(gateway.uid) && !seenUids.has(gateway.uid));
    const devices = [...seen.map(({ entry }) => entry), ...unseen].toSorted((a, b) => (a.device < b.device ? -1 : 1));
    const found = seen.flatMap((device) => device.problems).filter(({ code }) => NODE_PROBLEMS.includes(code));
    const current = reportedProblems([...own, ...found]);
    const problems = current.length === 0 && unseen.length > 0 ? adoptedProblems : current;
    return { devices, ...(problems.length > 0 && { problems }) };
  }

  #drop(name: DeviceName, kept: ReadonlySet<string>): Set<number> {
    const gone = [...(this.#observed.get(name) ?? [])].filter((uid) => !kept.has(uid));
    this.#observed.set(name, kept);
    return new Set(gone.flatMap((uid) => this.#forget(uid)));
  }

  #forget(uid: string): number[] {
    this.#entries.delete(uid);
    this.#connections.forget(uid);
    const shard = this.#shards.release(uid);
    return shard === undefined ? [] : [shard];
  }
}
