import type { Allocation } from '../../api/v1alpha1/address-block.ts';
import type { BlockChange, ChangeOutcome } from './block-changes.ts';
import { applyChanges } from './block-changes.ts';

/** A block as the API server last confirmed it. */
export interface BlockState {
  /** Of the object, or of the deletion that was seen; decides which of two states is newer. */
  readonly resourceVersion: string;
  /** Absent: there is no such object. */
  readonly uid?: string;
  readonly allocations: readonly Allocation[];
}

/** The API server, for one block. A lost race is a value, everything else throws. */
export interface BlockStorage {
  read(): Promise<BlockState>;
  /** Creates, replaces or (when nothing is allocated) deletes, if the block is still as in `state`. */
  write(state: BlockState, allocations: readonly Allocation[]): Promise<BlockState | 'Lost'>;
}

interface Pending {
  readonly change: BlockChange;
  readonly resolve: (outcome: ChangeOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * All writes of this process to one block, one at a time: changes that arrive while a write is in flight go out together
 * in the next one. Compare-and-swap makes it right with any number of operators; this only makes it cheap.
 */
export class BlockWriter {
  readonly #storage: BlockStorage;
  readonly #confirmed: (state: BlockState) => void;
  #state: BlockState | undefined;
  /** Whether a write may have been applied of which no answer came: read before the next one. */
  #doubtful = false;
  #pending: Pending[] = [];
  #running: Promise<void> | undefined;

  constructor(storage: BlockStorage, confirmed: (state: BlockState) => void) {
    this.#storage = storage;
    this.#confirmed = confirmed;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when no write is in flight or waiting. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Feeds a state that a watch delivered. Older ones than the last confirmed state are ignored. */
  observe(state: BlockState): boolean {
    if (this.#state && BigInt(state.resourceVersion) <= BigInt(this.#state.resourceVersion)) return false;
    this.#state = state;
    return true;
  }

  /** A watch says that the block, last seen in this version, is gone. False when a newer one is known. */
  vanished(resourceVersion: string): boolean {
    if (this.#state && BigInt(this.#state.resourceVersion) > BigInt(resourceVersion)) return false;
    this.#state = undefined;
    return true;
  }

  /** `fresh`: decided on a read made after this call, for who has reason to doubt what is known of the block. */
  submit(change: BlockChange, { fresh = false } = {}): Promise<ChangeOutcome> {
    if (fresh) this.#doubtful = true;
    return new Promise((resolve, reject) => {
      this.#pending.push({ change, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // one turn of the loop later, so that everything submitted in this one shares the first write
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      await this.#commit(batch);
    }
    this.#running = undefined;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await this.#swap(batch.map((pending) => pending.change));
      batch.forEach((pending, index) => pending.resolve(outcomes[index] ?? 'Conflict'));
    } catch (error) {
      this.#doubtful = true;
      for (const pending of batch) pending.reject(error);
    }
  }

  async #swap(changes: readonly BlockChange[]): Promise<ChangeOutcome[]> {
    for (;;) {
      const state = this.#doubtful || !this.#state ? await this.#read() : this.#state;
      const { allocations, outcomes, changed } = applyChanges(state.allocations, changes);
      if (!changed) return outcomes;
      const written = await this.#storage.write(state, allocations);
      if (written !== 'Lost') {
        if (!isOlder(written, this.#state)) this.#adopt(written);
        return outcomes;
      }
      await this.#read();
    }
  }

  /** What a watch has brought while the answer was under way is newer than an answer that knows less. */
  async #read(): Promise<BlockState> {
    const before = this.#state;
    // before the call: a doubt that comes up meanwhile is not settled by it
    this.#doubtful = false;
    const read = await this.#storage.read();
    const observed = this.#state === before ? undefined : this.#state;
    return observed && isOlder(read, observed) ? observed : this.#adopt(read);
  }

  #adopt(state: BlockState): BlockState {
    this.#state = state;
    this.#confirmed(state);
    return state;
  }
}

function isOlder(state: BlockState, than: BlockState | undefined): boolean {
  return than !== undefined && BigInt(state.resourceVersion) < BigInt(than.resourceVersion);
}
