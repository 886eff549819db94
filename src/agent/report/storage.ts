import { WireGuardNodeReport } from '../../api/v1alpha1/index.ts';
import { API_VERSION } from '../../api/kind.ts';
import type { NodeReportSpec } from '../../api/v1alpha1/node-report.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { NodeIdentity } from '../node-identity.ts';
import { reports } from '../world/kinds.ts';
import type { ReportObject } from '../world/kinds.ts';

export interface ReportStorageDeps {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'delete'>;
  readonly namespace: string;
  readonly node: NodeIdentity;
  readonly log: Log;
}

/** A report as the API server has it. `spec` is absent when it cannot be read: it is then written anew. */
interface Stored {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly spec?: NodeReportSpec;
}

/** This node's own reports in the API server, by shard; 0 is the node itself. */
export class ReportStorage {
  readonly #deps: ReportStorageDeps;
  readonly #stored = new Map<number, Stored>();

  constructor(deps: ReportStorageDeps) {
    this.#deps = deps;
  }

  /** Reads all of them once, without listing those of other nodes. Removes what an earlier Node of this name left. */
  async load(signal: AbortSignal): Promise<void> {
    this.#stored.clear();
    for (let shard = 0; ; shard++) {
      const stored = await this.#read(shard, signal);
      if (stored && isOfAnother(stored.spec, this.#deps.node)) await this.#remove(shard, stored, signal);
      const last = this.spec(0)?.shardCount ?? 0;
      if (!stored && shard > last) return;
    }
  }

  spec(shard: number): NodeReportSpec | undefined {
    return this.#stored.get(shard)?.spec;
  }

  /** How many shards of peers there are, counted from 1 without a gap. */
  get shardCount(): number {
    let shard = 0;
    while (this.#stored.has(shard + 1)) shard++;
    return shard;
  }

  /** Stores a report, whatever is there under its name. */
  async write(shard: number, spec: NodeReportSpec, signal: AbortSignal): Promise<void> {
    try {
      await this.#put(shard, spec, signal);
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      await this.#read(shard, signal);
      await this.#put(shard, spec, signal);
    }
  }

  /** Looks whether somebody changed or removed a report; if so, `spec` shows what is there. A read, no write. */
  async verify(shard: number, signal: AbortSignal): Promise<void> {
    await this.#read(shard, signal);
  }

  async #put(shard: number, spec: NodeReportSpec, signal: AbortSignal): Promise<void> {
    const { client, log } = this.#deps;
    const before = this.#stored.get(shard);
    if (before && !canBecome(before.spec, spec)) {
      log.warn({ report: this.#name(shard) }, 'report of another identity replaced');
      await this.#remove(shard, before, signal);
    }
    const { resourceVersion } = this.#stored.get(shard) ?? {};
    const metadata = { namespace: this.#deps.namespace, name: this.#name(shard) };
    const object = { apiVersion: API_VERSION, kind: WireGuardNodeReport.kind, spec } as const;
    const written =
      resourceVersion === undefined
        ? await client.create(reports, { ...object, metadata }, { signal })
        : await client.replace(reports, { ...object, metadata: { ...metadata, resourceVersion } }, { signal });
    this.#keep(shard, written);
  }

  async #read(shard: number, signal: AbortSignal): Promise<Stored | undefined> {
    const { client, namespace } = this.#deps;
    try {
      return this.#keep(shard, await client.get(reports, { namespace, name: this.#name(shard) }, { signal }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#stored.delete(shard);
      return undefined;
    }
  }

  async #remove(shard: number, { uid }: Stored, signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#deps;
    await client.delete(reports, { namespace, name: this.#name(shard) }, { uid, signal });
    this.#stored.delete(shard);
  }

  #keep(shard: number, object: ReportObject): Stored {
    const { uid = '', resourceVersion = '' } = object.metadata;
    const parsed = WireGuardNodeReport.parse(object);
    const stored = { uid, resourceVersion, ...(parsed.ok && { spec: parsed.value.spec }) };
    this.#stored.set(shard, stored);
    return stored;
  }

  #name(shard: number): string {
    return `s${String(shard).padStart(3, '0')}.${this.#deps.node.name}`;
  }
}

function isOfAnother(spec: NodeReportSpec | undefined, node: NodeIdentity): boolean {
  return spec !== undefined && spec.nodeUID !== node.uid;
}

/** The API server refuses to change these fields. One that cannot be read may hold anything in them. */
function canBecome(before: NodeReportSpec | undefined, after: NodeReportSpec): boolean {
  if (before === undefined) return false;
  const { nodeName, nodeUID, recipient } = before;
  return (
    nodeName === after.nodeName &&
    nodeUID === after.nodeUID &&
    (recipient === undefined || recipient === after.recipient)
  );
}
