import type { Allocation } from '../api/v1alpha1/address-block.ts';
import { BLOCK_SIZE, addressAt } from './blocks.ts';
import { Bitmap } from './ip/bitmap.ts';
import type { Address, Prefix } from './model.ts';
import type { PoolView } from './pool-view.ts';

/** Whose an address is. `releaseTime` present: quarantined since then. */
export type Holder = Readonly<Omit<Allocation, 'offset'>>;

/** One address and whose it is. */
export interface HeldAddress {
  readonly address: Address;
  readonly holder: Holder;
}

/** One block in memory: what is recorded, what is being recorded, and the bitmap of both. */
export class BookBlock {
  readonly cidr: Prefix;
  /** A closed block cannot be trusted: nothing is given from it. */
  closed = false;
  readonly #recorded = new Map<number, Holder>();
  readonly #inFlight = new Map<number, Holder>();
  readonly #occupied = new Bitmap(BLOCK_SIZE);
  readonly #fullFor = new Map<PoolView, number>();
  #quarantined = 0;

  constructor(cidr: Prefix) {
    this.cidr = cidr;
  }

  get counts(): { readonly allocated: number; readonly quarantined: number } {
    return { allocated: this.#recorded.size - this.#quarantined, quarantined: this.#quarantined };
  }

  get empty(): boolean {
    return this.#recorded.size === 0 && this.#inFlight.size === 0 && !this.closed;
  }

  /** What is recorded, in no particular order. */
  *entries(): Generator<HeldAddress, void> {
    for (const [offset, holder] of this.#recorded) yield { address: addressAt(this.cidr, offset), holder };
  }

  recordedAt(offset: number): Holder | undefined {
    return this.#recorded.get(offset);
  }

  holderAt(offset: number): Holder | undefined {
    return this.#recorded.get(offset) ?? this.#inFlight.get(offset);
  }

  /** The first free offset at or after `from`, with wrap; -1 when there is none. */
  freeFrom(from: number, mask: Bitmap | undefined): number {
    return this.closed ? -1 : this.#occupied.nextFree(from, mask);
  }

  /** Remembers who is not to look here again until something is freed. */
  fullFor(view: PoolView, index: number): void {
    this.#fullFor.set(view, index);
  }

  replace(allocations: readonly Allocation[]): void {
    for (const offset of this.#recorded.keys()) if (!this.#inFlight.has(offset)) this.#occupied.clear(offset);
    this.#recorded.clear();
    this.#quarantined = 0;
    for (const allocation of allocations) {
      this.#recorded.set(allocation.offset, allocation);
      this.#occupied.set(allocation.offset);
      if (allocation.releaseTime !== undefined) this.#quarantined++;
    }
    this.closed = false;
    this.#reopen();
  }

  /** False when the address is another's. A quarantined one goes back to a peer of the same name only. */
  reserve(offset: number, holder: Holder): boolean {
    const flying = this.#inFlight.get(offset);
    if (flying !== undefined) return flying.peer.uid === holder.peer.uid;
    const recorded = this.#recorded.get(offset);
    if (this.closed || (recorded !== undefined && !returnsTo(recorded, holder))) return false;
    this.#inFlight.set(offset, holder);
    this.#occupied.set(offset);
    return true;
  }

  unreserve(offset: number, peerUid: string): void {
    if (this.#inFlight.get(offset)?.peer.uid !== peerUid) return;
    this.#inFlight.delete(offset);
    if (this.#recorded.has(offset)) return;
    this.#occupied.clear(offset);
    this.#reopen();
  }

  #reopen(): void {
    for (const [view, index] of this.#fullFor) view.reopen(index);
    this.#fullFor.clear();
  }
}

function returnsTo(recorded: Holder, holder: Holder): boolean {
  if (recorded.releaseTime === undefined) return false;
  return recorded.peer.namespace === holder.peer.namespace && recorded.peer.name === holder.peer.name;
}
