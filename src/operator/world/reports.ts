import type { NodeReportSpec, ReportedDevice, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import type { ReportView } from './views.ts';

/** A peer as one node's agent reported it. */
export interface PeerReport {
  readonly nodeName: string;
  /** RFC 3339; when the agent looked. */
  readonly observedTime: string;
  readonly entry: ReportedPeer;
}

interface NodeReports {
  facts?: NodeReportSpec;
  /** Ports that others held when a device was to have them, by uid of its gateway. */
  takenPorts: ReadonlyMap<string, ReadonlySet<number>>;
  /** Uids of the peers in each shard that is known. */
  readonly shards: Map<number, readonly string[]>;
  readonly peers: Map<string, { readonly shard: number; readonly report: PeerReport }>;
}

export interface ReportListeners {
  readonly onNode: (nodeName: string) => void;
  readonly onPeer: (uid: string) => void;
}

/** All node reports by what is asked of them; follows the cache one object at a time. */
export class Reports {
  readonly #nodes = new Map<string, NodeReports>();
  readonly #listeners: ReportListeners;

  constructor(listeners: ReportListeners) {
    this.#listeners = listeners;
  }

  get nodeNames(): Iterable<string> {
    return this.#nodes.keys();
  }

  /** The node's own facts (shard 0): identity, devices, problems. */
  facts(nodeName: string): NodeReportSpec | undefined {
    return this.#nodes.get(nodeName)?.facts;
  }

  device(nodeName: string, gatewayUid: string): ReportedDevice | undefined {
    return this.facts(nodeName)?.devices?.find((device) => device.gateway.uid === gatewayUid);
  }

  /** Ports of a node that somebody else held: when this gateway's device was to have them, or when any was. */
  takenPorts(nodeName: string, gatewayUid?: string): ReadonlySet<number> {
    const taken = this.#nodes.get(nodeName)?.takenPorts ?? new Map<string, ReadonlySet<number>>();
    if (gatewayUid !== undefined) return taken.get(gatewayUid) ?? new Set();
    return new Set([...taken.values()].flatMap((ports) => [...ports]));
  }

  peer(nodeName: string, uid: string): PeerReport | undefined {
    return this.#nodes.get(nodeName)?.peers.get(uid)?.report;
  }

  /** Every node that reports the peer on one of its devices. */
  nodesWith(uid: string): string[] {
    const holding = this.#nodes.entries().filter(([, node]) => node.peers.get(uid)?.report.entry.digest !== undefined);
    return [...holding].map(([nodeName]) => nodeName);
  }

  /** Whether every shard that the node says it has is known: only then does an absent peer mean anything. */
  complete(nodeName: string): boolean {
    const node = this.#nodes.get(nodeName);
    const count = node?.facts?.shardCount;
    if (!node || count === undefined) return false;
    for (let shard = 1; shard <= count; shard++) if (!node.shards.has(shard)) return false;
    return true;
  }

  apply(report: ReportView): void {
    const node = this.#node(report.nodeName);
    if (report.invalid) return;
    if (report.shard !== 0) return this.#replaceShard(node, report, report.spec);
    node.facts = report.spec;
    node.takenPorts = takenPortsOf(report.spec, node.takenPorts);
    this.#listeners.onNode(report.nodeName);
  }

  remove(report: ReportView): void {
    const node = this.#nodes.get(report.nodeName);
    if (!node) return;
    if (report.shard === 0) {
      delete node.facts;
      node.takenPorts = new Map();
    } else {
      this.#replaceShard(node, report, undefined);
      node.shards.delete(report.shard);
    }
    if (!node.facts && node.shards.size === 0) this.#nodes.delete(report.nodeName);
    this.#listeners.onNode(report.nodeName);
  }

  /** `spec` undefined: the shard is gone. */
  #replaceShard(node: NodeReports, { shard, nodeName }: ReportView, spec: NodeReportSpec | undefined): void {
    const touched = new Set(node.shards.get(shard));
    for (const uid of touched) if (node.peers.get(uid)?.shard === shard) node.peers.delete(uid);
    const uids: string[] = [];
    for (const entry of spec?.peers ?? []) {
      node.peers.set(entry.uid, { shard, report: { nodeName, observedTime: spec?.observedTime ?? '', entry } });
      uids.push(entry.uid);
      touched.add(entry.uid);
    }
    node.shards.set(shard, uids);
    for (const uid of touched) this.#listeners.onPeer(uid);
  }

  #node(nodeName: string): NodeReports {
    let node = this.#nodes.get(nodeName);
    if (!node) {
      node = { takenPorts: new Map(), shards: new Map(), peers: new Map() };
      this.#nodes.set(nodeName, node);
    }
    return node;
  }
}

/** An agent lists so many ports at most, and leaves out older ones. */
const MAX_TAKEN = 16;

/** While a list is full, what has fallen out of it counts too: else a search would never come to an end. */
function takenPortsOf(
  { devices = [] }: NodeReportSpec,
  before: ReadonlyMap<string, ReadonlySet<number>>,
): Map<string, ReadonlySet<number>> {
  return new Map(
    devices.map(({ gateway, takenPorts = [] }) => {
      const earlier = takenPorts.length < MAX_TAKEN ? [] : (before.get(gateway.uid) ?? []);
      return [gateway.uid, new Set([...earlier, ...takenPorts])];
    }),
  );
}
