import { WireGuardGateway, WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import type { ObjectOf } from '../../src/api/kind.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/config.ts';
import { isNotFound, KubeError } from '../../src/kube/errors.ts';
import type { KubeObject, ObjectRef, Resource } from '../../src/kube/object.ts';
import { namespaces } from '../../src/kube/resources.ts';
import type { ControlPlane } from '../../tools/lab/control-plane.ts';
import { waitFor } from './wait.ts';

export type Gateway = ObjectOf<typeof WireGuardGateway>;
export type Peer = ObjectOf<typeof WireGuardPeer>;
export const gateways: Resource<Gateway> = WireGuardGateway;
export const peers: Resource<Peer> = WireGuardPeer;

const MOST_ATTEMPTS = 5;

/** What a person with kubectl and every right does, without the time that kubectl takes to start. */
export class Cluster implements AsyncDisposable {
  readonly client: KubeClient;
  readonly #stop = new AbortController();

  private constructor(client: KubeClient) {
    this.client = client;
  }

  static async connect(controlPlane: ControlPlane, kubeconfig = controlPlane.adminKubeconfig): Promise<Cluster> {
    return new Cluster(new KubeClient({ connection: await loadConnection({ kubeconfig, env: {} }) }));
  }

  get #call() {
    return { signal: this.#stop.signal };
  }

  async namespace(name: string): Promise<string> {
    await this.client.create(namespaces, { metadata: { name } }, this.#call);
    return name;
  }

  gateway(ref: Required<ObjectRef>, spec: Gateway['spec']): Promise<Gateway> {
    return this.create(gateways, { metadata: metadataOf(ref), spec });
  }

  peer(ref: Required<ObjectRef>, spec: Peer['spec']): Promise<Peer> {
    return this.create(peers, { metadata: metadataOf(ref), spec });
  }

  create<T extends KubeObject>(resource: Resource<T>, object: Omit<T, 'apiVersion' | 'kind'>): Promise<T> {
    return this.client.create(resource, object as T, this.#call);
  }

  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    return this.client.get(resource, ref, this.#call);
  }

  async find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
    try {
      return await this.get(resource, ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Asks again when a busy API server says that its watch cache is behind (504 Timeout, "Too large resource version"). */
  async list<T extends KubeObject>(resource: Resource<T>, namespace?: string): Promise<readonly T[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.client.list(resource, { ...this.#call, namespace })).items;
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !(error instanceof KubeError) || error.status !== 504) throw error;
      }
    }
  }

  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: object): Promise<T> {
    return this.client.mergePatch(resource, ref, { ...this.#call, patch });
  }

  patchStatus<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, status: object): Promise<T> {
    return this.client.mergePatch(resource, ref, { ...this.#call, patch: { status }, subresource: 'status' });
  }

  remove<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<void> {
    return this.client.delete(resource, ref, this.#call);
  }

  /** Resolves with the object once its condition is what is wanted, for its newest generation. */
  async condition<T extends Gateway | Peer>(
    resource: Resource<T>,
    ref: ObjectRef,
    { type, status = 'True', reason, timeoutMs = 30_000 }: ConditionWish,
  ): Promise<T> {
    const what = `${type}=${status}${reason ? ` (${reason})` : ''} of ${ref.name}`;
    let last: T | undefined;
    const look = async () => {
      last = await this.get(resource, ref);
      const found = last.status?.conditions?.find((condition) => condition.type === type);
      const current = last.status?.observedGeneration === last.metadata.generation;
      return current && found?.status === status && (!reason || found.reason === reason) ? last : undefined;
    };
    try {
      return await waitFor(look, { what, timeoutMs });
    } catch (error) {
      throw new Error(`${String(error)}; its status: ${JSON.stringify(last?.status)}`, { cause: error });
    }
  }

  ready<T extends Gateway | Peer>(resource: Resource<T>, ref: ObjectRef, timeoutMs = 30_000): Promise<T> {
    return this.condition(resource, ref, { type: 'Ready', timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.client.close();
  }
}

export interface ConditionWish {
  readonly type: string;
  readonly status?: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly timeoutMs?: number;
}

function metadataOf({ namespace, name }: Required<ObjectRef>): Gateway['metadata'] {
  return { name, ...(namespace && { namespace }) };
}
