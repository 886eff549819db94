import type { NodeReportSpec } from '../../api/v1alpha1/node-report.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { DeviceObservation } from '../device/observation.ts';
import type { Observations } from '../device/observations.ts';
import type { NodeIdentity } from '../node-identity.ts';
import type { NodeWorld } from '../world/node-world.ts';
import { ReportBook } from './book.ts';
import { reportedProblems } from './entries.ts';
import type { ReportStorage } from './storage.ts';
import { ReportWriter } from './writer.ts';

export interface ReporterDeps {
  readonly storage: ReportStorage;
  readonly world: NodeWorld;
  readonly observations: Observations;
  readonly node: NodeIdentity;
  readonly recipient: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onWritten: () => void;
}

const RETRY_MS = 1_000;
const NODE = 0;

/** Tells the operator what is on this node: first who it is, then every device and peer as they are read back. */
export class Reporter {
  readonly #deps: ReporterDeps;
  readonly #book = new ReportBook();
  readonly #writer: ReportWriter;
  #loaded = false;
  /** Whether every device has been looked at, so that the number of shards says something. */
  #complete = false;
  #configProblem: Problem | undefined;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
    const { storage, clock, log, onWritten } = deps;
    this.#writer = new ReportWriter({ storage, clock, log, onWritten, contentOf: (shard) => this.#content(shard) });
    deps.observations.subscribe((name, after) => this.#observed(name, after));
  }

  get ready(): boolean {
    return this.#loaded;
  }

  /** A readable config came: other devices than before, perhaps. */
  configured(): void {
    this.#configProblem = undefined;
    this.#refreshNode();
  }

  /** The config cannot be read; what was read before stays in force. */
  configInvalid(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#configProblem = { code: 'InvalidObject', message };
    this.#refreshNode();
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#load(signal);
    if (signal.aborted) return;
    this.#adopt();
    this.#loaded = true;
    for (const observation of this.#deps.observations.list()) this.#observed(observation.name, observation);
    this.#refreshNode();
    await this.#writer.run(signal);
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { storage, clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        return await storage.load(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error }, 'own reports cannot be read yet');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  #adopt(): void {
    const { storage } = this.#deps;
    const facts = storage.spec(NODE);
    this.#book.adoptNode(facts ?? {});
    for (let shard = 1; shard <= storage.shardCount; shard++) {
      this.#book.adoptShard(shard, storage.spec(shard)?.peers ?? []);
      this.#writer.changed(shard);
    }
    this.#complete = facts?.shardCount !== undefined;
  }

  #observed(name: DeviceName, after: DeviceObservation | undefined): void {
    if (!this.#loaded) return;
    this.#changed(after ? this.#book.observe(after, this.#deps.clock.now()) : this.#book.remove(name));
    this.#refreshNode();
  }

  #refreshNode(): void {
    if (!this.#loaded) return;
    const { world, observations } = this.#deps;
    const seen = world.gateways().map((gateway) => observations.get(gateway.device));
    if (world.known && seen.every((observation) => observation !== undefined)) {
      this.#complete = true;
      const isSettled = seen.every((observation) => observation?.settled) && world.orphans().length === 0;
      if (isSettled) this.#changed(this.#book.settle());
    }
    this.#writer.changed(NODE);
  }

  #changed(shards: ReadonlySet<number>): void {
    for (const shard of shards) this.#writer.changed(shard);
  }

  #content(shard: number): NodeReportSpec {
    const { node, clock } = this.#deps;
    const observedTime = new Date(clock.now()).toISOString();
    const common = { nodeName: node.name, nodeUID: node.uid, observedTime };
    return shard === NODE ? { ...common, ...this.#nodeFacts() } : { ...common, peers: this.#book.shard(shard) };
  }

  #nodeFacts(): Omit<NodeReportSpec, 'nodeName' | 'nodeUID' | 'observedTime'> {
    const { recipient, storage, world } = this.#deps;
    const own = this.#configProblem === undefined ? [] : [this.#configProblem];
    if (!world.known) {
      return {
        ...keptFacts(storage.spec(NODE)),
        ...(own.length > 0 && { problems: reportedProblems(own) }),
        recipient,
      };
    }
    const uids = new Set(world.gateways().map(({ configured }) => configured.gateway.uid));
    // Only as many as are there: the operator takes what is missing in a complete set for gone.
    const shardCount = this.#complete && this.#book.shardCount <= storage.shardCount ? storage.shardCount : undefined;
    const count = shardCount ?? storage.spec(NODE)?.shardCount;
    return { recipient, ...this.#book.nodeFacts(uids, own), ...(count !== undefined && { shardCount: count }) };
  }
}

/** Until the config is known, nothing that an earlier process reported is taken back. */
function keptFacts(stored: NodeReportSpec | undefined): Partial<NodeReportSpec> {
  const { devices, problems, shardCount } = stored ?? {};
  return {
    ...(devices && { devices }),
    ...(problems && { problems }),
    ...(shardCount !== undefined && { shardCount }),
  };
}
