import type { PublicKey } from '../../mesh/model.ts';

/** What is known of the Secret of one peer, without having read it again. */
export type Remembered =
  | {
      readonly kind: 'Seen';
      readonly uid: string;
      /** Of the peer when the Secret was seen. */
      readonly generation: number;
      readonly publicKey: PublicKey;
      /** Whether the operator made the pair, so that its private half is in the Secret. */
      readonly isMade: boolean;
      /** `fileDigest` of what is in it. */
      readonly digest: string;
      /** Monotonic milliseconds. */
      readonly seenAt: number;
    }
  /** Not as it should be, or gone: it has to be read before anything is decided. */
  | { readonly kind: 'Doubtful'; readonly uid: string; readonly seenAt: number };

/** Remembers by key of the peer what its Secret was like when this process wrote or read it: Secrets are never watched. */
export class SecretMemory {
  readonly #known = new Map<string, Remembered>();

  /** Of this very peer; an earlier one of the same name is another. */
  of(key: string, uid: string): Remembered | undefined {
    const known = this.#known.get(key);
    return known?.uid === uid ? known : undefined;
  }

  /** Whether there may be a Secret of any peer of this name. */
  has(key: string): boolean {
    return this.#known.has(key);
  }

  set(key: string, remembered: Remembered): void {
    this.#known.set(key, remembered);
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  /** Another process may have written since. */
  clear(): void {
    this.#known.clear();
  }
}
