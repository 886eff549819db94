import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { open } from '../../keys/seal.ts';
import { parsePublicKey } from '../../mesh/key.ts';
import type { Result } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { NodeIdentity } from '../node-identity.ts';
import { PresharedKeys } from './preshared-keys.ts';

export interface SealedKeysDeps {
  readonly node: NodeIdentity;
  readonly identity: Secret;
}

/** What this node may know of a gateway's key. */
export interface DeviceKeys {
  readonly privateKey: Secret;
  /** Of the peers of the gateway. */
  readonly presharedKeys: PresharedKeys;
}

/** Opens the sealed keys of this node's gateways, each once; what was opened stays in memory only. */
export class SealedKeys {
  readonly #deps: SealedKeysDeps;
  /** By uid of the gateway. */
  readonly #opened = new Map<string, { readonly what: string; readonly result: Result<DeviceKeys> }>();

  constructor(deps: SealedKeysDeps) {
    this.#deps = deps;
  }

  /** The key of a gateway, or KeyUnreadable. */
  async keyOf(configured: ConfiguredGateway): Promise<Result<DeviceKeys>> {
    const { gateway, keyNumber, publicKey, sealedKey } = configured;
    const what = JSON.stringify([gateway, keyNumber, publicKey, sealedKey]);
    const known = this.#opened.get(gateway.uid);
    if (known?.what === what) return known.result;
    const result = await this.#open(configured);
    this.#opened.set(gateway.uid, { what, result });
    return result;
  }

  forget(gatewayUid: string): void {
    this.#opened.delete(gatewayUid);
  }

  async #open({ gateway, keyNumber, publicKey: text, sealedKey }: ConfiguredGateway): Promise<Result<DeviceKeys>> {
    const publicKey = parsePublicKey(text);
    if (publicKey === undefined) {
      const message = `The configured public key ${text} is no usable key.`;
      return { ok: false, problems: [{ code: 'KeyUnreadable', message, path: 'publicKey' }] };
    }
    const { node, identity } = this.#deps;
    const opened = await open(sealedKey, identity, { node, gateway, keyNumber, publicKey });
    if (!opened.ok) return opened;
    const { privateKey, seed } = opened.value;
    return { ok: true, value: { privateKey, presharedKeys: new PresharedKeys(seed, publicKey) } };
  }
}
