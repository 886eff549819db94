import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { ObjectRef } from '../../kube/object.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { secrets } from '../../kube/resources.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import * as kinds from '../world/kinds.ts';
import type { SecretOwner } from './config-secret.ts';
import { configSecretRef, newConfigSecret } from './config-secret.ts';

/** What happened to a Secret, for metrics. */
export type SecretWrite = 'created' | 'rewritten' | 'removed';

export interface SecretClientDeps {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'delete'>;
  readonly onWrite: (write: SecretWrite) => void;
}

/** Reads and writes Secrets of peers, one by one and by name: they are never listed or watched. */
export class SecretClient {
  readonly #deps: SecretClientDeps;

  constructor(deps: SecretClientDeps) {
    this.#deps = deps;
  }

  async read(peer: ObjectRef, signal: AbortSignal): Promise<KubeSecret | undefined> {
    return orAbsent(this.#deps.client.get(secrets, configSecretRef(peer), { signal }));
  }

  /** AlreadyExists when there is any Secret of this name. */
  async create(owner: SecretOwner, data: Record<string, string>, signal: AbortSignal): Promise<void> {
    await this.#deps.client.create(secrets, newConfigSecret(owner, data), { signal });
    this.#deps.onWrite('created');
  }

  /** Conflict when it is not as it was read any more. Labels and annotations of others stay. */
  async replace(secret: KubeSecret, data: Record<string, string>, signal: AbortSignal): Promise<void> {
    await this.#deps.client.replace(secrets, { ...secret, data }, { signal });
    this.#deps.onWrite('rewritten');
  }

  /** Conflict when it is not as it was read any more. */
  async remove({ metadata }: KubeSecret, signal: AbortSignal): Promise<void> {
    const { uid = '', resourceVersion = '' } = metadata;
    const removing = this.#deps.client.delete(secrets, refTo(metadata), { uid, resourceVersion, signal });
    await orAbsent(removing.then(() => this.#deps.onWrite('removed')));
  }

  /** Removes what an earlier peer of the same name has left. A cache that lags could take a later one for it. */
  async removeOfEarlier(secret: KubeSecret, peer: SecretOwner, signal: AbortSignal): Promise<void> {
    if ((await this.livingUid(peer, signal)) !== peer.uid) throw cacheBehind();
    await this.remove(secret, signal);
  }

  /**
   * Call between reading a Secret and taking a pair out of it: a spec that the cache does not show yet may have asked for
   * that pair, and another process may have published it.
   */
  async assertCurrent(peer: SecretOwner & { readonly generation: number }, signal: AbortSignal): Promise<void> {
    const living = await this.#living(peer, signal);
    if (living?.uid !== peer.uid || living.generation !== peer.generation) throw cacheBehind();
  }

  /** Of the peer that has this name now, as the API server says. */
  async livingUid(peer: ObjectRef, signal: AbortSignal): Promise<string | undefined> {
    return (await this.#living(peer, signal))?.uid;
  }

  async #living(peer: ObjectRef, signal: AbortSignal): Promise<kinds.PeerObject['metadata'] | undefined> {
    return (await orAbsent(this.#deps.client.get(kinds.peers, peer, { signal })))?.metadata;
  }
}

function cacheBehind(): PeerwrightError {
  return new PeerwrightError('CacheBehind', 'The watch has not shown yet that the peer is gone, another, or edited.');
}

function refTo({ namespace, name }: KubeSecret['metadata']): ObjectRef {
  return { namespace, name };
}

async function orAbsent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
