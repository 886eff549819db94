import { setInterval } from 'node:timers';
import type { ConfiguredGateway as Configured } from '../../src/api/v1alpha1/node-config.ts';
import type { ReportedPeer } from '../../src/api/v1alpha1/node-report.ts';
import { SHARD_CAPACITY } from '../../src/api/v1alpha1/node-report.ts';
import {
  WireGuardNodeConfig,
  WireGuardNodeReport,
  WireGuardPeer,
  type WireGuardNodeConfig as NodeConfig,
  type WireGuardPeer as Peer,
} from '../../src/api/v1alpha1/index.ts';
import { generateIdentity, recipientOf } from '../../src/keys/identity.ts';
import { open, type OpenedKey } from '../../src/keys/seal.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/config.ts';
import { isConflict, isNotFound } from '../../src/kube/errors.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { leases } from '../../src/kube/resources.ts';
import { type Projected, Store } from '../../src/kube/store.ts';
import type { Result } from '../../src/mesh/model.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Secret } from '../../src/runtime/secret.ts';
import { deviceDigest, peerDigest } from './agent-digests.ts';

interface Held<T> extends Projected {
  readonly object: T;
}
type DeviceReport = NonNullable<WireGuardNodeReport['spec']['devices']>[number];
type Reported = NonNullable<WireGuardNodeReport['spec']['problems']>;

export interface AgentOptions {
  readonly nodeName: string;
  readonly nodeUID: string;
  /** Kubeconfig with the agent's own token. */
  readonly kubeconfig: string;
  readonly leaseEveryMs?: number;
}

/**
 * An agent without a kernel: it follows its NodeConfig and the peers, keeps in memory what would be on the devices, and
 * reports that with its own token. `auto` does both at once when something changes; otherwise `program` and `report` do
 * on demand, and nothing happens in between.
 */
export class SimulatedAgent {
  readonly nodeName: string;
  auto = true;
  /** Problems of the node, and of the devices by gateway name; told with the next report. */
  readonly nodeProblems: Reported = [];
  readonly deviceProblems = new Map<string, Reported>();
  /** UDP ports that other programs hold on the node. */
  readonly foreignPorts = new Set<number>();
  /** `uid generation digest`, with `gone` for none: everything that was ever reported. */
  readonly acknowledged = new Set<string>();
  readonly #options: AgentOptions;
  readonly #client: KubeClient;
  readonly #identity: Secret;
  readonly #configs = new Store<Held<NodeConfig>>();
  readonly #peers = new Store<Held<Peer>>();
  readonly #life = new AbortController();
  readonly #devices = new Map<string, Configured>();
  readonly #entries = new Map<string, ReportedPeer>();
  readonly #written = new Map<string, string>();
  /** Ports that a device was to have, by uid of the gateway. */
  readonly #tried = new Map<string, Set<number>>();
  #recipient = '';
  #shards: string[][] = [];
  #lease: NodeJS.Timeout | undefined;
  #busy: Promise<void> = Promise.resolve();

  private constructor(options: AgentOptions, client: KubeClient, identity: Secret) {
    this.nodeName = options.nodeName;
    this.#options = options;
    this.#client = client;
    this.#identity = identity;
  }

  /** Resolves when it has shown its identity and its Lease. */
  static async start(options: AgentOptions): Promise<SimulatedAgent> {
    const connection = await loadConnection({ kubeconfig: options.kubeconfig, env: {} });
    const agent = new SimulatedAgent(options, new KubeClient({ connection }), await generateIdentity());
    agent.#recipient = await recipientOf(agent.#identity);
    agent.#follow(WireGuardNodeConfig, agent.#configs, 'peerwright-system');
    agent.#follow(WireGuardPeer, agent.#peers);
    await Promise.all([agent.#configs.whenSynced(agent.#life.signal), agent.#peers.whenSynced(agent.#life.signal)]);
    await agent.report();
    await agent.resume();
    return agent;
  }

  /** Renews the Lease from now on. */
  async resume(): Promise<void> {
    await this.#renew();
    this.#lease = setInterval(() => void this.#renew().catch(() => undefined), this.#options.leaseEveryMs ?? 1_000);
  }

  /** Stops to renew the Lease, as an agent that died. */
  silence(): void {
    clearInterval(this.#lease);
  }

  async stop(): Promise<void> {
    this.silence();
    this.#life.abort();
    await this.#busy.catch(() => undefined);
    await this.#client.close();
  }

  /** Brings the devices to what NodeConfig and statuses say now. */
  program(): void {
    const gateways = this.#configs.get(`peerwright-system/${this.nodeName}`)?.object.spec.gateways ?? [];
    this.#devices.clear();
    for (const configured of gateways) this.#devices.set(configured.gateway.uid, configured);
    const there = new Set<string>();
    for (const { object } of this.#peers.values()) {
      const entry = this.#entryOf(object, gateways);
      if (entry) {
        there.add(entry.uid);
        this.#entries.set(entry.uid, { ...entry, connection: this.#entries.get(entry.uid)?.connection ?? NEVER });
      }
    }
    for (const uid of this.#entries.keys()) if (!there.has(uid)) this.#entries.delete(uid);
  }

  /** What the peer's connection is from the next report on. */
  connection(uid: string, connection: NonNullable<ReportedPeer['connection']>): void {
    const entry = this.#entries.get(uid);
    if (entry) this.#entries.set(uid, { ...entry, connection });
  }

  /** Writes the reports that differ from those written last. */
  report(): Promise<void> {
    this.#busy = this.#busy.catch(() => undefined).then(() => this.#report());
    return this.#busy;
  }

  /** Overwrites a report with any spec, as a broken agent might. */
  async say(name: string, spec: object): Promise<void> {
    await this.#put(name, spec as WireGuardNodeReport['spec']);
    this.#written.delete(name);
  }

  /** Opens a gateway's sealed key with this node's identity. */
  openKey(configured: Configured): Promise<Result<OpenedKey>> {
    const { gateway, keyNumber, publicKey } = configured;
    const node = { name: this.nodeName, uid: this.#options.nodeUID };
    return open(configured.sealedKey, this.#identity, { version: 1, node, gateway, keyNumber, publicKey } as never);
  }

  #entryOf({ metadata, spec, status }: Peer, gateways: readonly Configured[]): ReportedPeer | undefined {
    const device = gateways.find(
      ({ gateway }) => gateway.name === spec.gatewayRef.name && gateway.namespace === metadata.namespace,
    );
    const known = { uid: metadata.uid ?? '', generation: metadata.generation ?? 0 };
    if (!device) return undefined;
    if (spec.state === 'Disabled' || !status?.publicKey || !status.addresses) return known;
    return { ...known, digest: peerDigest({ spec, status }, { uid: device.gateway.uid, publicKey: device.publicKey }) };
  }

  async #report(): Promise<void> {
    const entries = new Map(this.#entries);
    this.#shards = this.#shards.map((shard) => shard.filter((uid) => entries.has(uid)));
    const placed = new Set(this.#shards.flat());
    for (const uid of entries.keys()) if (!placed.has(uid)) this.#place(uid);
    for (const [index, shard] of this.#shards.entries()) {
      const peers = shard.map((uid) => entries.get(uid)).filter((entry) => entry !== undefined);
      for (const { uid, generation, digest: one } of peers)
        this.acknowledged.add(`${uid} ${generation} ${one ?? 'gone'}`);
      await this.#write(index + 1, { peers });
    }
    const devices = [...this.#devices.values()].map((configured) => this.#deviceOf(configured));
    await this.#write(0, {
      recipient: this.#recipient,
      shardCount: this.#shards.length,
      devices,
      problems: [...this.nodeProblems],
    });
  }

  #place(uid: string): void {
    const open = this.#shards.find((shard) => shard.length < SHARD_CAPACITY);
    if (open) open.push(uid);
    else this.#shards.push([uid]);
  }

  #deviceOf(configured: Configured): DeviceReport {
    const { gateway, generation, publicKey, listenPort } = configured;
    const takenPorts = this.#takenPorts(gateway.uid, listenPort);
    const device = {
      gateway,
      generation,
      device: `pw-${gateway.uid.slice(0, 8)}`,
      ...(takenPorts.length > 0 && { takenPorts }),
    };
    const inTheWay = takenPorts.includes(listenPort) ? [portConflict(listenPort)] : undefined;
    const problems = this.deviceProblems.get(gateway.name) ?? inTheWay;
    if (problems) return { ...device, problems };
    const digested = deviceDigest(configured);
    return { ...device, digest: digested, implementation: 'Userspace', publicKey, listenPort };
  }

  /** Those of the ports tried until now that are still taken. */
  #takenPorts(gatewayUID: string, listenPort: number): number[] {
    const tried = this.#tried.get(gatewayUID) ?? new Set();
    this.#tried.set(gatewayUID, tried.add(listenPort));
    return [...tried].filter((port) => this.foreignPorts.has(port)).slice(-16);
  }

  async #write(shard: number, spec: Partial<WireGuardNodeReport['spec']>): Promise<void> {
    const name = `s${String(shard).padStart(3, '0')}.${this.nodeName}`;
    const { nodeName, nodeUID } = this.#options;
    const text = JSON.stringify(spec);
    if (this.#written.get(name) === text) return;
    await this.#put(name, { nodeName, nodeUID, observedTime: new Date().toISOString(), ...spec });
    this.#written.set(name, text);
  }

  async #put(name: string, spec: WireGuardNodeReport['spec']): Promise<void> {
    const metadata = { namespace: 'peerwright-system', name };
    await this.#upsert(WireGuardNodeReport, {
      apiVersion: 'peerwright.dev/v1alpha1',
      kind: 'WireGuardNodeReport',
      metadata,
      spec,
    });
  }

  async #renew(): Promise<void> {
    const metadata = { namespace: 'peerwright-system', name: `peerwright-agent-${this.nodeName}` };
    const spec = { holderIdentity: this.nodeName, leaseDurationSeconds: 40, renewTime: microTime(Date.now()) };
    await this.#upsert(leases, { metadata, spec });
  }

  async #upsert<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void> {
    const { signal } = this.#life;
    try {
      const { metadata } = await this.#client.get(resource, object.metadata, { signal });
      const { resourceVersion = '' } = metadata;
      await this.#client.replace(
        resource,
        { ...object, metadata: { ...object.metadata, resourceVersion } },
        { signal },
      );
    } catch (error) {
      if (isNotFound(error)) await this.#client.create(resource, object, { signal });
      else if (isConflict(error)) await this.#upsert(resource, object);
      else throw error;
    }
  }

  #follow<T extends KubeObject>(resource: Resource<T>, store: Store<Held<T>>, namespace?: string): void {
    const project = (object: T): Held<T> => {
      const { namespace: of = '', name, uid = '', resourceVersion = '' } = object.metadata;
      return { namespace: of, name, uid, resourceVersion, object };
    };
    const options = { client: this.#client, resource, store, clock: systemClock, project };
    void new Reflector({ ...options, ...(namespace && { namespace }) }).run(this.#life.signal);
    store.subscribe(() => {
      if (this.auto) this.#soon();
    });
  }

  #waiting = false;

  #soon(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      if (!this.auto || this.#life.signal.aborted) return;
      this.program();
      void this.report().catch(() => undefined);
    }, 20);
  }
}

const NEVER = { state: 'Never' } as const;

function portConflict(port: number): Reported[number] {
  return { code: 'ListenPortConflict', message: `UDP port ${port} is held by another program.` };
}
