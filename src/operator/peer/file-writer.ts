import type { KeyPair } from '../../keys/key-pair.ts';
import { encodePeerSecret } from '../../keys/peer-secret.ts';
import { derivePresharedKey } from '../../keys/preshared-key.ts';
import { keyOf } from '../../kube/object.ts';
import type { Address, PublicKey } from '../../mesh/model.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { GatewayKeys } from '../gateway/gateway-keys.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { clientFile, fileDigest } from './client-file.ts';
import type { SecretMemory } from './secret-memory.ts';

export interface FileWriterDeps {
  readonly keys: Pick<GatewayKeys, 'ensure'>;
  readonly memory: SecretMemory;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** A peer's file without the key of the peer itself. */
export interface FileRequest {
  readonly peer: PeerView;
  readonly gateway: GatewayView;
  readonly addresses: readonly Address[];
  readonly presharedKey: PeerDecision['presharedKey'];
}

export interface FileContents {
  readonly publicKey: PublicKey;
  readonly isMade: boolean;
  /** `fileDigest` */
  readonly digest: string;
  /** KEYS IN CLEAR, as `Secret.data`. */
  readonly data: Record<string, string>;
}

/** What goes into the Secret of a peer with a pair that was made for it, or with a key of its own. */
export type ContentsOf = (key: KeyPair | PublicKey) => FileContents;

/** Fills the Secrets of peers, and remembers what is in them. */
export class FileWriter {
  readonly #deps: FileWriterDeps;

  constructor(deps: FileWriterDeps) {
    this.#deps = deps;
  }

  /** undefined while the key of the gateway cannot be had. */
  async contentsFor(request: FileRequest, signal: AbortSignal): Promise<ContentsOf | undefined> {
    const { gateway } = request;
    const key = await this.#deps.keys.ensure({ ...gateway, published: gateway.status.publicKey }, signal);
    if (!key.ok || key.value.publicKey !== gateway.status.publicKey) return undefined;
    const { seed, publicKey: gatewayPublicKey } = key.value;
    return (own) => {
      const pair = typeof own === 'string' ? undefined : own;
      const publicKey = typeof own === 'string' ? own : own.publicKey;
      const decision = { ...request, publicKey };
      const config = clientFile({ ...request, decision });
      if (config === undefined) throw new RangeError(`gateway ${gateway.name} has no networks`);
      const presharedKey =
        request.presharedKey === 'Derived' ? derivePresharedKey(seed, gatewayPublicKey, publicKey) : undefined;
      const data = encodePeerSecret(config, { ...(pair && { pair }), ...(presharedKey && { presharedKey }) });
      return { publicKey, isMade: pair !== undefined, digest: fileDigest(config, request.presharedKey), data };
    };
  }

  /** The Secret has exactly this. */
  remember(peer: PeerView, { publicKey, isMade, digest }: FileContents): void {
    const { memory, clock } = this.#deps;
    const { uid, generation } = peer;
    memory.set(keyOf(peer), { kind: 'Seen', uid, generation, publicKey, isMade, digest, seenAt: clock.monotonic() });
  }

  /** The Secret is not as it should be. */
  doubt(peer: PeerView): void {
    const { memory, clock } = this.#deps;
    memory.set(keyOf(peer), { kind: 'Doubtful', uid: peer.uid, seenAt: clock.monotonic() });
  }
}
