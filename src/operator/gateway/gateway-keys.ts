import type { GatewayKey } from '../../keys/gateway-key.ts';
import {
  GATEWAY_KEY_TYPE,
  decodeGatewayKey,
  encodeGatewayKey,
  gatewayKeySecretName,
  generateGatewayKey,
} from '../../keys/gateway-key.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../../kube/errors.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { secrets } from '../../kube/resources.ts';
import type { Result } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';

/** Labels of a Secret that holds a gateway's key; it is adopted only with them and the right type. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const GATEWAY_LABEL = 'peerwright.dev/gateway';
const MANAGED_BY = 'peerwright';

/** Until rotation exists every gateway has the key with this number. */
export const KEY_NUMBER = 1;

export interface KeyOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** What the status has published: such a key is never replaced by another one silently. */
  readonly published: string | undefined;
}

/** How long a key that was read is believed to be still in its Secret. */
const TRUST_MS = 60_000;

/**
 * The gateways' keys, each in a Secret `<gateway>-key-<n>` that exists before anything refers to it. Without an owner
 * reference: a gateway that was pruned and applied again finds its old key.
 */
export class GatewayKeys {
  readonly #client: Pick<KubeClient, 'get' | 'create'>;
  readonly #monotonic: () => number;
  readonly #known = new Map<string, { readonly key: GatewayKey; readonly readAt: number }>();

  constructor(client: Pick<KubeClient, 'get' | 'create'>, monotonic: () => number) {
    this.#client = client;
    this.#monotonic = monotonic;
  }

  /** The key of a gateway: as it is in the Secret, or made now. A Secret that is not ours is a problem. */
  async ensure(owner: KeyOwner, signal: AbortSignal): Promise<Result<GatewayKey>> {
    const known = this.#known.get(owner.uid);
    if (known && this.#monotonic() - known.readAt < TRUST_MS) return { ok: true, value: known.key };
    const result = await this.#readOrCreate(owner, signal);
    if (result.ok) this.#known.set(owner.uid, { key: result.value, readAt: this.#monotonic() });
    return result;
  }

  forget(uid: string): void {
    this.#known.delete(uid);
  }

  async #readOrCreate(owner: KeyOwner, signal: AbortSignal): Promise<Result<GatewayKey>> {
    const secret = (await this.#read(owner, signal)) ?? (await this.#create(owner, signal));
    return 'ok' in secret ? secret : keyOf(secret, owner);
  }

  async #read(owner: KeyOwner, signal: AbortSignal): Promise<KubeSecret | undefined> {
    try {
      return await this.#client.get(secrets, refOf(owner), { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #create(owner: KeyOwner, signal: AbortSignal): Promise<KubeSecret | Result<GatewayKey>> {
    // a deleted Secret is made again from memory; after a restart the key is lost, and a new one would cut every client off
    const key = this.#known.get(owner.uid)?.key ?? (owner.published === undefined ? generateGatewayKey() : undefined);
    if (!key) return { ok: false, problems: [lost(owner)] };
    try {
      return await this.#client.create(secrets, secretOf(owner, key), { signal });
    } catch (error) {
      if (isAlreadyExists(error)) return this.#client.get(secrets, refOf(owner), { signal });
      throw error;
    }
  }
}

function refOf(owner: KeyOwner) {
  return { namespace: owner.namespace, name: gatewayKeySecretName(owner.name, KEY_NUMBER) };
}

function secretOf(owner: KeyOwner, key: GatewayKey): KubeSecret {
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY, [GATEWAY_LABEL]: owner.name };
  return {
    metadata: { ...refOf(owner), labels },
    type: GATEWAY_KEY_TYPE,
    immutable: true,
    data: encodeGatewayKey(key),
  };
}

function keyOf(secret: KubeSecret, owner: KeyOwner): Result<GatewayKey> {
  const { name, labels = {} } = secret.metadata;
  const ours = labels[MANAGED_BY_LABEL] === MANAGED_BY && labels[GATEWAY_LABEL] === owner.name;
  if (!ours) return { ok: false, problems: [foreign(name, owner)] };
  const decoded = decodeGatewayKey({ name, type: secret.type, data: secret.data });
  if (decoded.ok && owner.published !== undefined && decoded.value.publicKey !== owner.published) {
    return { ok: false, problems: [changed(name)] };
  }
  return decoded;
}

function foreign(name: string, owner: KeyOwner): Problem {
  const message = `Secret ${name} exists and is not labelled as the key of gateway ${owner.name}; rename or delete it.`;
  return { code: 'SecretConflict', message };
}

function changed(name: string): Problem {
  const message = `Secret ${name} holds another key than the one published in status.publicKey; restore the Secret, or delete and re-create the gateway to take the new key.`;
  return { code: 'SecretConflict', message };
}

function lost(owner: KeyOwner): Problem {
  const name = gatewayKeySecretName(owner.name, KEY_NUMBER);
  const message = `Secret ${name} with the key published in status.publicKey is gone; restore it, or delete and re-create the gateway to start with a new key.`;
  return { code: 'SecretConflict', message };
}
