import { generateKeyPair } from '../../keys/key-pair.ts';
import { decodePeerPair, peerSecretName } from '../../keys/peer-secret.ts';
import { isAlreadyExists } from '../../kube/errors.ts';
import { keyOf, type ObjectRef } from '../../kube/object.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { parsePublicKey } from '../../mesh/key.ts';
import { sameJson } from '../../mesh/merge-patch.ts';
import type { Address, PublicKey } from '../../mesh/model.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { foreignSecret, frozenSecret, ownershipOf, secretOf } from './config-secret.ts';
import type { ContentsOf, FileContents, FileWriter } from './file-writer.ts';
import { grantedTo, isDecided } from './granted.ts';
import type { SecretClient } from './secret-client.ts';
import type { SecretMemory } from './secret-memory.ts';

export interface PeerSecretsDeps {
  readonly client: SecretClient;
  readonly writer: FileWriter;
  readonly memory: SecretMemory;
}

/** A peer whose addresses are decided, and what its Secret is to hold. */
export interface SecretRequest {
  readonly peer: PeerView & { readonly spec: NonNullable<PeerView['spec']> };
  readonly gateway: GatewayView;
  readonly addresses: readonly Address[];
  readonly presharedKey: PeerDecision['presharedKey'];
}

export type SecretAnswer =
  /** `configSecret` is complete; absent: the peer needs none. */
  | { readonly kind: 'Ready'; readonly publicKey: PublicKey; readonly configSecret?: string }
  | { readonly kind: 'Refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'Waiting'; readonly problem: Problem };

/**
 * The Secrets of peers, each complete before a status points to it.
 *
 * | spec.publicKey | preshared key | in the Secret                      |
 * |----------------|---------------|------------------------------------|
 * | absent         | any           | a pair made here, and the file     |
 * | given          | Derived       | the preshared key, and the file    |
 * | given          | None          | there is none; one of ours goes    |
 *
 * What is there is adopted, so that a crash between the Secret and the status loses no key. Deleting the Secret is how
 * a person gets a new pair.
 */
export class PeerSecrets {
  readonly #deps: PeerSecretsDeps;

  constructor(deps: PeerSecretsDeps) {
    this.#deps = deps;
  }

  async ensure(request: SecretRequest, signal: AbortSignal): Promise<SecretAnswer> {
    const own = ownKey(request);
    if (own !== undefined && request.presharedKey === 'None') return this.#withdraw(request, own, signal);
    const publicKey = this.#settledKey(request, own);
    if (publicKey !== undefined) return ready(request, publicKey);
    return this.#establish(request, signal);
  }

  /** What is in the Secret is of no use: it is read again before it is believed. */
  doubt(peer: PeerView): void {
    this.#deps.writer.doubt(peer);
  }

  /** What remains of a peer that is gone. */
  async abandon(owner: ObjectRef, signal: AbortSignal): Promise<void> {
    const { memory, client } = this.#deps;
    const key = keyOf(owner);
    if (!memory.has(key)) return;
    const secret = await client.read(owner, signal);
    if (secret !== undefined && ownershipOf(secret, { name: owner.name, uid: '' }) !== 'Foreign') {
      // a peer of the same name has come meanwhile: its own reconcile takes or removes the Secret
      if ((await client.livingUid(owner, signal)) !== undefined) return;
      await client.remove(secret, signal);
    }
    memory.forget(key);
  }

  /** The key in the Secret, when that is known without reading it. */
  #settledKey({ peer }: SecretRequest, own: PublicKey | undefined): PublicKey | undefined {
    const known = this.#deps.memory.of(keyOf(peer), peer.uid);
    if (known?.kind === 'Doubtful' || (known && known.isMade !== (own === undefined))) return undefined;
    // after a start the status is believed until the turn of the Secret to be looked at has come
    const publicKey = known?.publicKey ?? decidedKey(peer);
    const isRight = own === undefined ? !isContradicted(publicKey, peer) : own === publicKey;
    return isRight ? publicKey : undefined;
  }

  async #establish(request: SecretRequest, signal: AbortSignal): Promise<SecretAnswer> {
    const contents = await this.#deps.writer.contentsFor(request, signal);
    if (contents === undefined) return { kind: 'Waiting', problem: gatewayKeyMissing(request.gateway) };
    const { peer } = request;
    const found = isNew(peer) ? undefined : await this.#deps.client.read(peer, signal);
    if (found !== undefined) return this.#adopt(found, { request, contents }, signal);
    try {
      return await this.#create({ request, contents }, signal);
    } catch (error) {
      const other = isAlreadyExists(error) ? await this.#deps.client.read(peer, signal) : undefined;
      if (other === undefined) throw error;
      return this.#adopt(other, { request, contents }, signal);
    }
  }

  async #create({ request, contents }: Task, signal: AbortSignal): Promise<SecretAnswer> {
    const filled = contents(ownKey(request) ?? generateKeyPair());
    await this.#deps.client.create(request.peer, filled.data, signal);
    return this.#known(request, filled);
  }

  async #adopt(secret: KubeSecret, task: Task, signal: AbortSignal): Promise<SecretAnswer> {
    const { peer } = task.request;
    switch (ownershipOf(secret, peer)) {
      case 'Foreign':
        return this.#conflict(task.request, [foreignSecret(peer)]);
      case 'Earlier':
        await this.#deps.client.removeOfEarlier(secret, peer, signal);
        return this.#create(task, signal);
      case 'Ours':
        return this.#take(secret, task, signal);
    }
  }

  /** Makes a Secret of ours complete, with the pair in it if it is to have one. */
  async #take(secret: KubeSecret, { request, contents }: Task, signal: AbortSignal): Promise<SecretAnswer> {
    const own = ownKey(request);
    const decoded = own === undefined ? decodePeerPair(secretOf(secret)) : undefined;
    if (decoded?.ok === false) return this.#conflict(request, decoded.problems);
    const filled = contents(own ?? decoded?.value ?? generateKeyPair());
    if (!sameJson(secret.data, filled.data)) {
      if (secret.immutable) return this.#conflict(request, [frozenSecret(request.peer)]);
      if (own !== undefined) await this.#deps.client.assertCurrent(request.peer, signal);
      await this.#deps.client.replace(secret, filled.data, signal);
    }
    return this.#known(request, filled);
  }

  /** Before the status drops its pointer: what nothing points to would never be found again. */
  async #withdraw({ peer }: SecretRequest, own: PublicKey, signal: AbortSignal): Promise<SecretAnswer> {
    const { memory, client } = this.#deps;
    const isNewSpec = !isNew(peer) && peer.status.observedGeneration !== peer.generation;
    if (peer.status.configSecret || memory.has(keyOf(peer)) || isNewSpec) {
      const secret = await client.read(peer, signal);
      const ownership = secret && ownershipOf(secret, peer);
      if (secret && ownership === 'Ours') {
        await client.assertCurrent(peer, signal);
        await client.remove(secret, signal);
      }
      if (secret && ownership === 'Earlier') await client.removeOfEarlier(secret, peer, signal);
      memory.forget(keyOf(peer));
    }
    return { kind: 'Ready', publicKey: own };
  }

  #known(request: SecretRequest, filled: FileContents): SecretAnswer {
    this.#deps.writer.remember(request.peer, filled);
    return ready(request, filled.publicKey);
  }

  #conflict({ peer }: SecretRequest, problems: readonly Problem[]): SecretAnswer {
    this.#deps.writer.doubt(peer);
    return { kind: 'Refused', problems };
  }
}

interface Task {
  readonly request: SecretRequest;
  readonly contents: ContentsOf;
}

function ready({ peer }: SecretRequest, publicKey: PublicKey): SecretAnswer {
  return { kind: 'Ready', publicKey, configSecret: peerSecretName(peer.name) };
}

/** Absent: the operator makes the pair. Whether it can be read was checked before. */
function ownKey({ peer }: SecretRequest): PublicKey | undefined {
  return peer.spec.publicKey === undefined ? undefined : parsePublicKey(peer.spec.publicKey);
}

function decidedKey(peer: PeerView): PublicKey | undefined {
  return isDecided(peer) && peer.status.configSecret ? grantedTo(peer)?.publicKey : undefined;
}

/** Whether another pair is published: another process may have found the Secret gone, and made that. */
function isContradicted(publicKey: PublicKey | undefined, { status }: PeerView): boolean {
  return status.configSecret !== undefined && status.publicKey !== publicKey;
}

/** Never decided about: there is most likely no Secret yet. */
function isNew({ status }: PeerView): boolean {
  return (status.observedGeneration ?? -1) < 0;
}

function gatewayKeyMissing({ name }: GatewayView): Problem {
  const path = 'spec.gatewayRef.name';
  const message = `${path} ${name} has no readable key; see its conditions, the peer follows by itself.`;
  return { code: 'GatewayNotReady', message, path };
}
