import type { CurrentPeer, Prefix, PublicKey } from '../../mesh/model.ts';
import type { WireGuardChange } from './wireguard.ts';

/** Who has which AllowedIP while changes are carried out one after the other: the last who is given one has it. */
export class Holders {
  readonly #lists: Map<PublicKey, Set<Prefix>>;
  readonly #holders: Map<Prefix, PublicKey>;

  constructor(peers: ReadonlyMap<PublicKey, CurrentPeer>) {
    const all = [...peers];
    this.#lists = new Map(all.map(([key, { allowedIPs }]) => [key, new Set(allowedIPs)]));
    this.#holders = new Map(all.flatMap(([key, { allowedIPs }]) => allowedIPs.map((prefix) => [prefix, key])));
  }

  /** What the peer has; undefined when there is no such peer. */
  listOf(publicKey: PublicKey): readonly Prefix[] | undefined {
    const list = this.#lists.get(publicKey);
    return list === undefined ? undefined : [...list];
  }

  follow(change: WireGuardChange): void {
    if (change.type === 'AddPeer') this.#add(change.peer);
    if (change.type === 'AddAllowedIPs') this.#give(change.publicKey, change.allowedIPs);
    if (change.type === 'RemoveAllowedIPs') this.#take(change.allowedIPs);
    if (change.type === 'RemovePeer') this.#lists.delete(change.publicKey);
  }

  #add({ publicKey, allowedIPs }: Extract<WireGuardChange, { readonly type: 'AddPeer' }>['peer']): void {
    if (!this.#lists.has(publicKey)) this.#lists.set(publicKey, new Set());
    this.#give(publicKey, allowedIPs);
  }

  #give(publicKey: PublicKey, allowedIPs: readonly Prefix[]): void {
    const list = this.#lists.get(publicKey);
    if (list === undefined) return;
    this.#take(allowedIPs);
    for (const prefix of allowedIPs) {
      list.add(prefix);
      this.#holders.set(prefix, publicKey);
    }
  }

  #take(allowedIPs: readonly Prefix[]): void {
    for (const prefix of allowedIPs) {
      const holder = this.#holders.get(prefix);
      if (holder !== undefined) this.#lists.get(holder)?.delete(prefix);
    }
  }
}
