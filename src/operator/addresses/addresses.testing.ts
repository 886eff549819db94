import type { Allocation } from '../../api/v1alpha1/address-block.ts';
import { AddressBook } from '../../mesh/address-book.ts';
import { parsePool } from '../../mesh/pool.ts';
import type { Pool } from '../../api/v1alpha1/gateway.ts';
import type { AddressRequest } from './address-request.ts';
import { Addresses, type ReturnPolicy } from './addresses.ts';
import type { BlockState, BlockStorage } from './block-writer.ts';

/** Blocks in memory with the API server's rule: a write counts only on the version it was decided on. */
export class MemoryBlocks {
  readonly states = new Map<string, BlockState>();
  writes = 0;
  reads = 0;
  #version = 100;
  /** Awaited before and after each call takes effect; a scheduler's or a gate's. */
  readonly #pause: () => Promise<void>;

  constructor(pause: () => Promise<void> = () => Promise.resolve()) {
    this.#pause = pause;
  }

  storageOf(block: string): BlockStorage {
    return {
      read: async () => {
        await this.#pause();
        this.reads += 1;
        const state = this.#stateOf(block);
        await this.#pause();
        return state;
      },
      write: async (state, allocations) => {
        await this.#pause();
        const written = this.put(block, state, allocations);
        await this.#pause();
        return written;
      },
    };
  }

  put(block: string, state: BlockState, allocations: readonly Allocation[]): BlockState | 'Lost' {
    const now = this.#stateOf(block);
    if (now.uid !== state.uid || (now.uid && now.resourceVersion !== state.resourceVersion)) return 'Lost';
    this.writes += 1;
    this.#version += 1;
    if (now.uid && allocations.length === 0) {
      this.states.delete(block);
      return { resourceVersion: now.resourceVersion, allocations };
    }
    const next = { resourceVersion: String(this.#version), uid: now.uid ?? `uid-${this.#version}`, allocations };
    this.states.set(block, next);
    return next;
  }

  /** What is recorded: `uid family` for each entry that is not quarantined, by address. */
  holders(): { readonly block: string; readonly allocation: Allocation }[] {
    return [...this.states].flatMap(([block, state]) => state.allocations.map((allocation) => ({ block, allocation })));
  }

  #stateOf(block: string): BlockState {
    return this.states.get(block) ?? { resourceVersion: '0', allocations: [] };
  }
}

/** One operator's Addresses on these blocks. */
export function addressesOn(
  blocks: MemoryBlocks,
  { book = new AddressBook(), returnPolicy = () => 'Skip' }: { book?: AddressBook; returnPolicy?: ReturnPolicy } = {},
): Addresses {
  return new Addresses({
    book,
    storageOf: (block) => blocks.storageOf(block),
    returnPolicy,
    now: () => '2026-01-01T00:00:00Z',
  });
}

/** A request of a peer with this name, whose uid is its name unless said otherwise. */
export function requestOf(name: string, pools: readonly Pool[], rest: Partial<AddressRequest> = {}): AddressRequest {
  return {
    gateway: { namespace: 'net', name: 'edge' },
    peer: { namespace: 'net', name, uid: `uid-${name}` },
    spaces: pools.map(parsePool).filter((space) => space !== undefined),
    requested: [],
    granted: [],
    ...rest,
  };
}

export function allocation(offset: number, name: string, releaseTime?: string): Allocation {
  const peer = { namespace: 'net', name, uid: `uid-${name}` };
  return { offset, gateway: { namespace: 'net', name: 'edge' }, peer, ...(releaseTime && { releaseTime }) };
}
