import type { Allocation } from '../api/v1alpha1/address-block.ts';
import { AddressIndex } from './address-index.ts';
import { blockCidr, blockOf, addressAfter, BLOCK_SIZE } from './blocks.ts';
import { BookBlock } from './book-block.ts';
import type { HeldAddress, Holder } from './book-block.ts';
import { checkBlock } from './checks/block.ts';
import { hash32 } from './hash.ts';
import { familyOf, sortAddresses } from './ip/address.ts';
import { contains, overlaps } from './ip/prefix.ts';
import type { Address } from './model.ts';
import type { PoolSpace } from './pool.ts';
import { PoolView } from './pool-view.ts';
import type { Problem } from './problem.ts';

/**
 * All blocks in memory; one per process. It proposes addresses quickly; the API server decides, by the
 * compare-and-swap with which the block is written. Never hand it an older version of a block than it has.
 */
export class AddressBook {
  readonly #blocks = new Map<string, BookBlock>();
  readonly #byPeer = new AddressIndex();
  readonly #byName = new AddressIndex();
  /** Keyed by network: pools in use never overlap, and a changed pool takes the place of the old one. */
  readonly #views = new Map<string, PoolView>();

  /** Replaces what is recorded in a block. When the content contradicts itself, the block is closed as it was. */
  setBlock(name: string, allocations: readonly Allocation[]): Problem | undefined {
    const problem = checkBlock({ name, allocations });
    if (problem !== undefined) {
      this.closeBlock(name);
      return problem;
    }
    const block = this.#open(name);
    if (block === undefined) return undefined;
    this.#unindex(block);
    block.replace(allocations);
    this.#index(block);
    return undefined;
  }

  /** For a block that cannot be read: nothing more is given from it, and what was known of it stays. */
  closeBlock(name: string): void {
    const block = this.#open(name);
    if (block !== undefined) block.closed = true;
  }

  removeBlock(name: string): void {
    const block = this.#blocks.get(name);
    if (block === undefined) return;
    this.#unindex(block);
    block.replace([]);
    this.#dropEmpty(name);
  }

  /** Whose an address is, recorded, quarantined or about to be recorded. */
  holderOf(address: Address): Holder | undefined {
    const { name, offset } = blockOf(address);
    return this.#blocks.get(name)?.holderAt(offset);
  }

  /** Whether nothing may be given from the block of this address. */
  isClosed(address: Address): boolean {
    return this.#blocks.get(blockOf(address).name)?.closed === true;
  }

  /** The recorded addresses of a peer, without quarantined ones, sorted. */
  addressesOf(peerUid: string): Address[] {
    return sortAddresses(this.#byPeer.get(peerUid));
  }

  /** The addresses of each family in which a peer has more than one, sorted. */
  duplicatesOf(peerUid: string): readonly (readonly Address[])[] {
    const addresses = this.addressesOf(peerUid);
    const families = [4, 6].map((family) => addresses.filter((address) => familyOf(address) === family));
    return families.filter((ofFamily) => ofFamily.length > 1);
  }

  /** Quarantined addresses of peers that had this name, sorted. */
  quarantinedFor(peer: { readonly namespace: string; readonly name: string }): HeldAddress[] {
    return this.#recordedFor(peer).filter(({ holder }) => holder.releaseTime !== undefined);
  }

  /** Addresses still recorded for an earlier peer of this name, sorted; those in closed blocks are left out. */
  unreleasedFor(peer: { readonly namespace: string; readonly name: string; readonly uid: string }): HeldAddress[] {
    return this.#recordedFor(peer).filter(
      ({ address, holder }) =>
        holder.releaseTime === undefined && holder.peer.uid !== peer.uid && !this.isClosed(address),
    );
  }

  /**
   * A free address that may be given automatically: the lowest block with room, in it an offset that depends on the
   * seed (`namespace/name`). undefined: exhausted. Every round either returns or marks one more block as full.
   */
  choose(space: PoolSpace, seed: string): Address | undefined {
    const view = this.#view(space);
    const start = hash32(seed) % BLOCK_SIZE;
    for (let open = view.nextOpen(); open !== undefined; open = view.nextOpen()) {
      const block = this.#blocks.get(open.name);
      const offset = block === undefined ? (open.mask?.nextFree(start) ?? start) : block.freeFrom(start, open.mask);
      if (offset >= 0) return addressAfter(open.first, offset);
      view.markFull(open.index);
      block?.fullFor(view, open.index);
    }
    return undefined;
  }

  /**
   * Keeps an address from being chosen while the write that records it is in flight. False when it is another's; a
   * quarantined one may go back to a peer of the same name.
   */
  reserve(address: Address, holder: Holder): boolean {
    const { name, offset } = blockOf(address);
    return this.#open(name)?.reserve(offset, holder) ?? false;
  }

  /** Ends a reservation of this peer: the write came back, well or not. What is recorded stays. */
  unreserve(address: Address, peerUid: string): void {
    const { name, offset } = blockOf(address);
    this.#blocks.get(name)?.unreserve(offset, peerUid);
    this.#dropEmpty(name);
  }

  /** What is recorded in a pool, requested addresses included. */
  counts(space: PoolSpace): { readonly allocated: number; readonly quarantined: number } {
    let allocated = 0;
    let quarantined = 0;
    for (const block of this.#blocks.values()) {
      if (!overlaps(space.cidr, block.cidr)) continue;
      const counts = contains(space.cidr, block.cidr) ? block.counts : countWithin(block, space);
      allocated += counts.allocated;
      quarantined += counts.quarantined;
    }
    return { allocated, quarantined };
  }

  #recordedFor(peer: { readonly namespace: string; readonly name: string }): HeldAddress[] {
    return sortAddresses(this.#byName.get(nameKey(peer))).flatMap((address) => {
      const { name, offset } = blockOf(address);
      const holder = this.#blocks.get(name)?.recordedAt(offset);
      return holder === undefined ? [] : [{ address, holder }];
    });
  }

  #open(name: string): BookBlock | undefined {
    const known = this.#blocks.get(name);
    if (known !== undefined) return known;
    const cidr = blockCidr(name);
    if (cidr === undefined) return undefined;
    const block = new BookBlock(cidr);
    this.#blocks.set(name, block);
    return block;
  }

  #dropEmpty(name: string): void {
    if (this.#blocks.get(name)?.empty === true) this.#blocks.delete(name);
  }

  #view(space: PoolSpace): PoolView {
    const known = this.#views.get(space.cidr);
    if (known?.fits(space) === true) return known;
    const view = new PoolView(space);
    this.#views.set(space.cidr, view);
    return view;
  }

  #index(block: BookBlock): void {
    for (const { address, holder } of block.entries()) {
      if (holder.releaseTime === undefined) this.#byPeer.add(holder.peer.uid, address);
      this.#byName.add(nameKey(holder.peer), address);
    }
  }

  #unindex(block: BookBlock): void {
    for (const { address, holder } of block.entries()) {
      if (holder.releaseTime === undefined) this.#byPeer.delete(holder.peer.uid, address);
      this.#byName.delete(nameKey(holder.peer), address);
    }
  }
}

function nameKey(peer: { readonly namespace: string; readonly name: string }): string {
  return `${peer.namespace}/${peer.name}`;
}

function countWithin(block: BookBlock, space: PoolSpace): { allocated: number; quarantined: number } {
  const counts = { allocated: 0, quarantined: 0 };
  for (const { address, holder } of block.entries())
    if (contains(space.cidr, address)) counts[holder.releaseTime === undefined ? 'allocated' : 'quarantined']++;
  return counts;
}
