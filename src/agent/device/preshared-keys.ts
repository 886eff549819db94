import { fingerprintOf } from '../../dataplane/fingerprint.ts';
import { derivePresharedKey } from '../../keys/preshared-key.ts';
import type { KeyFingerprint, PublicKey } from '../../mesh/model.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { Secret } from '../../runtime/secret.ts';

/**
 * The derived preshared keys of one gateway key. Remembers fingerprints, since to derive 10,000 keys takes half a
 * second; the keys themselves are derived again when an operation needs one.
 */
export class PresharedKeys {
  readonly #seed: Secret;
  readonly #gateway: PublicKey;
  #fingerprints = new Map<PublicKey, KeyFingerprint>();

  constructor(seed: Secret, gateway: PublicKey) {
    this.#seed = seed;
    this.#gateway = gateway;
  }

  fingerprint(peer: PublicKey): KeyFingerprint {
    const known = this.#fingerprints.get(peer) ?? fingerprintOf(this.#derive(peer));
    this.#fingerprints.set(peer, known);
    return known;
  }

  /** The key that has the fingerprint. Throws `KeyUnreadable` when it is not the derived one, which nobody has stored. */
  secret(peer: PublicKey, fingerprint: KeyFingerprint): Secret {
    const derived = this.#derive(peer);
    if (fingerprintOf(derived) === fingerprint) return derived;
    throw new PeerwrightError('KeyUnreadable', `The preshared key ${fingerprint} of peer ${peer} is not known`);
  }

  /** Forgets all but these peers. */
  retain(peers: ReadonlySet<PublicKey>): void {
    if (this.#fingerprints.size <= peers.size) return;
    this.#fingerprints = new Map([...this.#fingerprints].filter(([peer]) => peers.has(peer)));
  }

  #derive(peer: PublicKey): Secret {
    return derivePresharedKey(this.#seed, this.#gateway, peer);
  }
}
