import type { GatewaySpec, GatewayStatus } from '../../api/v1alpha1/gateway.ts';
import type { PeerSpec, PeerStatus } from '../../api/v1alpha1/peer.ts';
import { generateGatewayKey } from '../../keys/gateway-key.ts';
import { KubeError, KubeErrorCode } from '../../kube/errors.ts';
import { keyOf, type KubeObject, type ObjectRef, type Resource } from '../../kube/object.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { secrets } from '../../kube/resources.ts';
import type { Address } from '../../mesh/model.ts';
import { gatewayView, meta, operatorWorld, PLACED } from '../operator.testing.ts';
import { createQueues } from '../queues.ts';
import type { GatewayView, Meta } from '../world/views.ts';
import { createFiles } from './files.ts';
import type { SecretRequest } from './peer-secrets.ts';
import type { SecretWrite } from './secret-client.ts';

export const GATEWAY_KEY = generateGatewayKey();
const { signal } = new AbortController();

/** Secrets in memory, with the preconditions of the API server. Peers are those of the caches. */
export class MemorySecrets {
  readonly stored = new Map<string, KubeSecret>();
  /** `verb` of each call that was answered, in order. */
  readonly calls: string[] = [];
  /** What somebody else does in the meantime. */
  beforeCreate: () => Promise<void> = () => Promise.resolve();
  readonly #living: (key: string) => Meta | undefined;
  #version = 0;

  constructor(living: (key: string) => Meta | undefined) {
    this.#living = living;
  }

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    this.calls.push('get');
    if (resource.plural !== secrets.plural) return this.#peer(ref) as T;
    return this.#found(ref) as KubeObject as T;
  }

  async create<T extends KubeObject>(_: unknown, object: T): Promise<T> {
    await this.beforeCreate();
    if (this.stored.has(keyOf(object.metadata))) throw refusal(KubeErrorCode.alreadyExists);
    this.calls.push('create');
    return this.put(object) as KubeObject as T;
  }

  async replace<T extends KubeObject>(_: unknown, object: T): Promise<T> {
    const held = this.#found(object.metadata);
    if (held.metadata.resourceVersion !== object.metadata.resourceVersion) throw refusal(KubeErrorCode.conflict);
    this.calls.push('replace');
    return this.put({ ...object, metadata: { ...object.metadata, uid: held.metadata.uid ?? '' } }) as KubeObject as T;
  }

  async delete(
    _: unknown,
    ref: ObjectRef,
    { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
  ): Promise<void> {
    const { metadata } = this.#found(ref);
    if (metadata.uid !== uid || metadata.resourceVersion !== resourceVersion) throw refusal(KubeErrorCode.conflict);
    this.calls.push('delete');
    this.stored.delete(keyOf(ref));
  }

  /** Somebody else writes. */
  put(secret: KubeSecret): KubeSecret {
    const version = String((this.#version += 1));
    const whole = { ...secret, metadata: { uid: `uid-${version}`, ...secret.metadata, resourceVersion: version } };
    this.stored.set(keyOf(secret.metadata), whole);
    return whole;
  }

  #found(ref: ObjectRef): KubeSecret {
    const found = this.stored.get(keyOf(ref));
    if (!found) throw refusal(KubeErrorCode.notFound);
    return found;
  }

  #peer(ref: ObjectRef): KubeObject {
    const living = this.#living(keyOf(ref));
    if (living === undefined) throw refusal(KubeErrorCode.notFound);
    return { metadata: { name: ref.name, uid: living.uid, generation: living.generation } };
  }
}

function refusal(code: KubeErrorCode): KubeError {
  return new KubeError({ code, message: code, status: 400, reason: '' });
}

/** A gateway net/edge whose key is known, and Secrets of its peers in memory, on a clock that stands still. */
export function filesWorld(options: { readonly perSecond?: number } = {}) {
  const world = operatorWorld();
  const { caches, clock } = world;
  caches.gateways.apply(edge());
  const client = new MemorySecrets((key) => caches.peers.get(key));
  const queues = createQueues(clock);
  const writes: SecretWrite[] = [];
  const keys = { ensure: () => Promise.resolve({ ok: true as const, value: GATEWAY_KEY }) };
  const config = { fileWritesPerSecond: options.perSecond ?? 1_000, fileCheckSeconds: 600 };
  const onWrite = (write: SecretWrite) => void writes.push(write);
  const restart = () => createFiles({ config, client, keys, caches, queues, clock, onWrite });
  /** What waits in a queue now; a key that keeps waiting to be handed out is not lost. */
  const taken = async (name: 'peers' | 'files' | 'fileChecks') => {
    const found: string[] = [];
    while (queues[name].depth > 0) found.push((await queues[name].next(signal)) ?? '');
    found.forEach((key) => queues[name].done(key));
    return found;
  };
  return { ...world, client, queues, writes, restart, taken, ...restart() };
}

let version = 1;

export function edge(status: GatewayStatus = {}, spec: Partial<GatewaySpec> = {}): GatewayView {
  const decided = { ...PLACED, publicKey: GATEWAY_KEY.publicKey, endpoint: '203.0.113.7:51840', ...status };
  const view = gatewayView(decided, { resourceVersion: String((version += 1)) });
  return { ...view, spec: { ...view.spec, ...spec } } as GatewayView;
}

export interface SomePeer {
  readonly spec?: Partial<PeerSpec>;
  readonly status?: PeerStatus;
  readonly generation?: number;
  readonly uid?: string;
}

export function somePeer({ spec, status = {}, ...rest }: SomePeer = {}): SecretRequest['peer'] {
  const whole = { gatewayRef: { name: 'edge' }, state: 'Enabled' as const, ...spec };
  const about = { ...meta('p', { resourceVersion: String((version += 1)) }), ...rest };
  return { ...about, spec: whole, gatewayKey: 'net/edge', status };
}

/** The request for a peer with one address. */
export function requestOf(
  peer: SecretRequest['peer'],
  presharedKey: SecretRequest['presharedKey'] = 'Derived',
): SecretRequest {
  return { peer, gateway: edge(), addresses: ['10.90.1.7' as Address], presharedKey };
}

/** The status after a decision with this key. */
export function decidedStatus(publicKey: string, rest: PeerStatus = {}): PeerStatus {
  const about = { observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z', message: '' };
  return {
    observedGeneration: 1,
    conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', ...about }],
    addresses: ['10.90.1.7'],
    publicKey,
    presharedKey: 'Derived',
    configSecret: { name: 'p-wireguard' },
    ...rest,
  };
}

/** A value of a Secret in clear. */
export function valueOf(secret: KubeSecret | undefined, name: string): string {
  return Buffer.from(secret?.data?.[name] ?? '', 'base64').toString();
}
