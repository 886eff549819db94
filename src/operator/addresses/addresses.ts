import type { AddressBook } from '../../mesh/address-book.ts';
import type { HeldAddress } from '../../mesh/book-block.ts';
import { blockOf } from '../../mesh/blocks.ts';
import { checkRequestedAddresses } from '../../mesh/checks/requested-addresses.ts';
import { familyOf } from '../../mesh/ip/address.ts';
import { contains } from '../../mesh/ip/prefix.ts';
import type { Address } from '../../mesh/model.ts';
import type { PoolSpace } from '../../mesh/pool.ts';
import { isAssignable } from '../../mesh/pool.ts';
import type { Problem } from '../../mesh/problem.ts';
import { PeerwrightError } from '../../runtime/error.ts';
import type { AddressAnswer, AddressRequest } from './address-request.ts';
import { allocationOf, corrupt, exhausted, familiesOf, inSpace, preferred } from './address-request.ts';
import type { BlockChange, ChangeOutcome } from './block-changes.ts';
import type { BlockState, BlockStorage } from './block-writer.ts';
import { BlockWriter } from './block-writer.ts';

/** Lost races before the whole reconcile is tried again later. */
const MOST_ATTEMPTS = 50;

/** What becomes of the quarantined address of an earlier peer of the same name. */
export type ReturnPolicy = (entry: HeldAddress) => 'Return' | 'Wait' | 'Skip';

export interface AddressesDeps {
  readonly book: AddressBook;
  readonly storageOf: (block: string) => BlockStorage;
  readonly returnPolicy: ReturnPolicy;
  /** RFC 3339. */
  readonly now: () => string;
}

/**
 * Gives addresses to peers and takes them back. The blocks in the API server are the only truth (compare-and-swap); the
 * book is this process's picture of them. Safe with any number of operators at once.
 */
export class Addresses {
  readonly #deps: AddressesDeps;
  readonly #writers = new Map<string, BlockWriter>();

  constructor(deps: AddressesDeps) {
    this.#deps = deps;
  }

  /** Feeds a block as a watch delivered it. */
  observe(block: string, state: BlockState): void {
    if (this.#writer(block).observe(state)) this.#deps.book.setBlock(block, state.allocations);
  }

  /** A watch says that the block, last seen in this version, is gone; the next write to it reads first. */
  vanished(block: string, resourceVersion: string): void {
    if (this.#writer(block).vanished(resourceVersion)) this.#deps.book.removeBlock(block);
  }

  /** One address for each family of the pools: what the peer holds already, what it requests, or a free one. */
  async ensure(request: AddressRequest): Promise<AddressAnswer> {
    if (this.#comesBack(request)) return { kind: 'Waiting' };
    const problems = this.#check(request);
    if (problems.length > 0) return { kind: 'Refused', problems };
    const addresses: Address[] = [];
    for (const family of familiesOf(request.spaces)) {
      const answer = await this.#ensureFamily(request, family);
      if (typeof answer !== 'string') return answer;
      addresses.push(answer);
    }
    return { kind: 'Granted', addresses };
  }

  /** Starts the quarantine of addresses that a peer held. */
  async release(holder: { readonly uid: string }, addresses: readonly Address[]): Promise<void> {
    const releaseTime = this.#deps.now();
    await Promise.all(
      addresses.map((address) =>
        this.#submit(address, (offset) => ({ type: 'Release', offset, peerUid: holder.uid, releaseTime })),
      ),
    );
  }

  /** Makes addresses free for anyone. */
  async free(holder: { readonly uid: string }, addresses: readonly Address[]): Promise<void> {
    await Promise.all(
      addresses.map((address) => this.#submit(address, (offset) => ({ type: 'Free', offset, peerUid: holder.uid }))),
    );
  }

  #check(request: AddressRequest): Problem[] {
    const { book } = this.#deps;
    const { requested, spaces, peer } = request;
    const holderOf = (address: Address) => (this.#returns(address, peer) ? undefined : book.holderOf(address));
    return checkRequestedAddresses({ addresses: requested, spaces, self: peer, holderOf });
  }

  /**
   * Whether an address that the peer wants, or any that it could have, still counts as that of an earlier peer of its
   * name, of which the blocks or the agents have not let go yet.
   */
  #comesBack({ peer, requested, spaces }: AddressRequest): boolean {
    const { book } = this.#deps;
    const returning = book.quarantinedFor(peer).filter((entry) => requested.includes(entry.address));
    if (returning.some((entry) => this.#returnOf(entry, peer) === 'Wait')) return true;
    const own = new Set(book.addressesOf(peer.uid).map(familyOf));
    return book.unreleasedFor(peer).some(({ address }) => {
      const wanted = requested.find((one) => familyOf(one) === familyOf(address));
      if (wanted ? wanted !== address : own.has(familyOf(address))) return false;
      return spaces.some((space) => contains(space.cidr, address) && isAssignable(space, address));
    });
  }

  /** Whether the address is quarantined after this or an earlier peer of this name and may go back to it now. */
  #returns(address: Address, peer: AddressRequest['peer']): boolean {
    const entry = this.#deps.book.quarantinedFor(peer).find((held) => held.address === address);
    return entry !== undefined && this.#returnOf(entry, peer) === 'Return';
  }

  /** What a peer gave back itself is on no device but as its own. */
  #returnOf(entry: HeldAddress, { uid }: AddressRequest['peer']): ReturnType<ReturnPolicy> {
    return entry.holder.peer.uid === uid ? 'Return' : this.#deps.returnPolicy(entry);
  }

  async #ensureFamily(request: AddressRequest, family: 4 | 6): Promise<Address | AddressAnswer> {
    const spaces = request.spaces.filter((space) => familyOf(space.cidr) === family);
    const wanted = request.requested.find((address) => familyOf(address) === family);
    const closed = request.granted.find((address) => familyOf(address) === family && this.#deps.book.isClosed(address));
    if (closed) return { kind: 'Refused', problems: [corrupt(closed)] };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const held = this.#heldIn(request, spaces);
      const kept = wanted ? held.find((address) => address === wanted) : preferred(held, request.granted);
      if (kept && (await this.#isStill(kept, request))) return kept;
      if (kept) continue;
      const answer = wanted ? await this.#take(request, wanted) : await this.#choose(request, spaces);
      if (answer !== 'Again') return answer;
      const problems = this.#check(request);
      if (problems.length > 0) return { kind: 'Refused', problems };
    }
    throw new PeerwrightError('AddressContention', `no address found after ${MOST_ATTEMPTS} attempts`);
  }

  /**
   * Whether a recorded address is the peer's in the API server too. Asked only when its status names another one of that
   * family: then this process may know less of the block than of the peer, and the address may be somebody else's by now.
   */
  async #isStill(address: Address, request: AddressRequest): Promise<boolean> {
    const granted = request.granted.filter((one) => familyOf(one) === familyOf(address));
    if (granted.length === 0 || granted.includes(address)) return true;
    const { name, offset } = blockOf(address);
    const record: BlockChange = { type: 'Add', allocation: allocationOf(request, offset), only: false };
    return (await this.#writer(name).submit(record, { fresh: true })) === 'Done';
  }

  #heldIn(request: AddressRequest, spaces: readonly PoolSpace[]): Address[] {
    return this.#deps.book
      .addressesOf(request.peer.uid)
      .filter((address) => spaces.some((space) => contains(space.cidr, address) && isAssignable(space, address)));
  }

  async #choose(request: AddressRequest, spaces: readonly PoolSpace[]): Promise<Address | AddressAnswer | 'Again'> {
    const former = this.#former(request, spaces);
    if (former) return former.kind === 'Wait' ? { kind: 'Waiting' } : this.#take(request, former.address);
    const { book } = this.#deps;
    const seed = `${request.peer.namespace}/${request.peer.name}`;
    const recorded = request.granted.find((address) => this.#isFreeIn(address, spaces));
    for (const space of spaces) {
      const address = recorded && contains(space.cidr, recorded) ? recorded : book.choose(space, seed);
      if (!address) continue;
      // a lower block may only look full because of writes in flight: settle those first, or two operators that
      // differ in what they have in flight would give the same peer an address in two blocks
      if (await this.#settleBelow(address, space)) return 'Again';
      return this.#take(request, address, this.#holdsNone(request, address));
    }
    if (await this.#settleAll(spaces)) return 'Again';
    return { kind: 'Refused', problems: [exhausted(request, spaces)] };
  }

  /** Whether the peer is not known to hold any address of that family, usable or not. */
  #holdsNone({ peer }: AddressRequest, like: Address): boolean {
    return !this.#deps.book.addressesOf(peer.uid).some((address) => familyOf(address) === familyOf(like));
  }

  /** The status names an address that no block knows: the record was lost, not the address. */
  #isFreeIn(address: Address, spaces: readonly PoolSpace[]): boolean {
    const space = spaces.find((candidate) => contains(candidate.cidr, address));
    return space !== undefined && isAssignable(space, address) && !this.#deps.book.holderOf(address);
  }

  #former(request: AddressRequest, spaces: readonly PoolSpace[]) {
    for (const entry of this.#deps.book.quarantinedFor(request.peer)) {
      if (!spaces.some((space) => contains(space.cidr, entry.address) && isAssignable(space, entry.address))) continue;
      const kind = this.#returnOf(entry, request.peer);
      if (kind !== 'Skip') return { kind, ...entry };
    }
    return undefined;
  }

  /** `only`: the peer must not hold another address of that block; another operator may just have given it one. */
  async #take(request: AddressRequest, address: Address, only = false): Promise<Address | AddressAnswer | 'Again'> {
    const { book } = this.#deps;
    const former = book.holderOf(address);
    const allocation = allocationOf(request, blockOf(address).offset);
    if (book.isClosed(address)) return { kind: 'Refused', problems: [corrupt(address)] };
    if (!book.reserve(address, allocation)) return 'Again';
    try {
      const change: BlockChange = former?.releaseTime
        ? { type: 'Reassign', from: former.peer.uid, allocation }
        : { type: 'Add', allocation, only };
      const outcome = await this.#submit(address, () => change);
      return outcome === 'Done' ? address : 'Again';
    } finally {
      book.unreserve(address, allocation.peer.uid);
    }
  }

  #submit(address: Address, changeAt: (offset: number) => BlockChange): Promise<ChangeOutcome> {
    const { name, offset } = blockOf(address);
    return this.#writer(name).submit(changeAt(offset));
  }

  /** Waits for writes in flight to blocks of the space below the address; true if there were any. */
  async #settleBelow(address: Address, space: PoolSpace): Promise<boolean> {
    const limit = blockOf(address).name;
    return this.#settle((name) => name < limit && inSpace(name, space));
  }

  async #settleAll(spaces: readonly PoolSpace[]): Promise<boolean> {
    return this.#settle((name) => spaces.some((space) => inSpace(name, space)));
  }

  async #settle(concerned: (block: string) => boolean): Promise<boolean> {
    const busy = this.#writers.entries().filter(([name, writer]) => writer.busy && concerned(name));
    const waiting = [...busy].map(([, writer]) => writer.idle());
    await Promise.all(waiting);
    return waiting.length > 0;
  }

  #writer(block: string): BlockWriter {
    let writer = this.#writers.get(block);
    if (!writer) {
      const { book, storageOf } = this.#deps;
      writer = new BlockWriter(storageOf(block), (state) => book.setBlock(block, state.allocations));
      this.#writers.set(block, writer);
    }
    return writer;
  }
}
