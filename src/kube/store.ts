import { compareVersions, keyOf, type ObjectRef } from './object.ts';
import { Waiters } from './waiters.ts';

/** What every object in a store carries. `namespace` is empty for cluster-scoped kinds. */
export interface Projected {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export type Change<P> =
  | { readonly type: 'Added'; readonly object: P }
  | { readonly type: 'Modified'; readonly object: P; readonly old: P }
  | { readonly type: 'Deleted'; readonly object: P };

export interface StoreOptions<P> {
  /** Named indexes: the values under which an object is found by `by(name, value)`. */
  readonly indexes?: Readonly<Record<string, (object: P) => readonly string[]>>;
}

/**
 * The last known state of one kind, kept by a Reflector. Never goes back: an object older than the one held is not
 * taken. Subscribers see each change once, after the store shows it; another uid under the same name is Deleted, then Added.
 */
export class Store<P extends Projected> {
  readonly #byKey = new Map<string, P>();
  readonly #byUid = new Map<string, P>();
  readonly #indexes: ReadonlyMap<string, Index<P>>;
  readonly #subscribers = new Set<(change: Change<P>) => void>();
  readonly #waiters = new Waiters();
  #synced = false;
  #resourceVersion = '';

  constructor(options: StoreOptions<P> = {}) {
    const indexes = Object.entries(options.indexes ?? {});
    this.#indexes = new Map(indexes.map(([name, valuesOf]) => [name, { valuesOf, entries: new Map() }]));
  }

  get(key: string): P | undefined {
    return this.#byKey.get(key);
  }

  byUid(uid: string): P | undefined {
    return this.#byUid.get(uid);
  }

  list(): readonly P[] {
    return [...this.#byKey.values()];
  }

  values(): IterableIterator<P> {
    return this.#byKey.values();
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Throws RangeError for an index that was not declared. */
  by(index: string, value: string): readonly P[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new RangeError(`The store has no index "${index}"`);
    return [...(found.entries.get(value)?.values() ?? [])];
  }

  /** Calls back on each change from now on; the result ends it. Start with `list()` for what is there. */
  subscribe(listener: (change: Change<P>) => void): () => void {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  }

  /** Whether a complete list has been seen once. Until then an absent object means unknown, not gone. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Rejects with the signal's reason when that aborts first. */
  whenSynced(signal: AbortSignal): Promise<void> {
    return this.#waiters.until(() => this.#synced, signal);
  }

  /** Everything up to this version has been seen; empty until the first list is complete. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Resolves when everything up to `resourceVersion` has been seen. Rejects with the signal's reason. */
  reached(resourceVersion: string, signal: AbortSignal): Promise<void> {
    return this.#waiters.until(() => compareVersions(this.#resourceVersion, resourceVersion) >= 0, signal);
  }

  /** Resolves when the store shows `key` at `resourceVersion` or later, or has seen everything up to it. */
  shows(key: string, resourceVersion: string, signal: AbortSignal): Promise<void> {
    const shown = () =>
      compareVersions(this.#byKey.get(key)?.resourceVersion, resourceVersion) >= 0 ||
      compareVersions(this.#resourceVersion, resourceVersion) >= 0;
    return this.#waiters.until(shown, signal);
  }

  /**
   * Takes a write's own response, so that it is visible at once. The object must be one that this store's selectors match.
   * Ignored when the watch is past it already: the object may have been deleted since.
   */
  written(object: P): void {
    if (compareVersions(object.resourceVersion, this.#resourceVersion) > 0) this.apply(object);
  }

  /** For the Reflector: takes an object unless one as new is held. */
  apply(object: P): void {
    const key = keyOf(object);
    const held = this.#byKey.get(key);
    if (held !== undefined && compareVersions(object.resourceVersion, held.resourceVersion) <= 0) return;
    if (held !== undefined && held.uid !== object.uid) return this.#replace(held, object);
    if (held !== undefined) this.#unindex(held, key);
    this.#put(key, object);
    raise(this.#tell(held === undefined ? { type: 'Added', object } : { type: 'Modified', object, old: held }));
  }

  /** For the Reflector: forgets an object, if what is held is the same uid and not newer than `resourceVersion`. */
  remove(gone: ObjectRef & { readonly uid: string; readonly resourceVersion: string }): void {
    const held = this.#byKey.get(keyOf(gone));
    if (held === undefined || held.uid !== gone.uid) return;
    if (compareVersions(held.resourceVersion, gone.resourceVersion) > 0) return;
    this.#drop(held);
    raise(this.#tell({ type: 'Deleted', object: held }));
  }

  /** For the Reflector: a complete list as of `resourceVersion` has been applied, and held exactly these uids. */
  listed(uids: ReadonlySet<string>, resourceVersion: string): void {
    for (const held of this.list()) {
      if (!uids.has(held.uid)) this.remove({ ...refOf(held), resourceVersion });
    }
    this.#synced = true;
    this.advance(resourceVersion);
  }

  /** For the Reflector: everything up to `resourceVersion` has been applied. */
  advance(resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#resourceVersion) > 0) this.#resourceVersion = resourceVersion;
    this.#waiters.check();
  }

  #replace(held: P, object: P): void {
    this.#drop(held);
    const errors = this.#tell({ type: 'Deleted', object: held });
    this.#put(keyOf(object), object);
    raise([...errors, ...this.#tell({ type: 'Added', object })]);
  }

  #put(key: string, object: P): void {
    this.#byKey.set(key, object);
    this.#byUid.set(object.uid, object);
    for (const index of this.#indexes.values()) {
      for (const value of index.valuesOf(object)) {
        const entries = index.entries.get(value) ?? new Map<string, P>();
        index.entries.set(value, entries.set(key, object));
      }
    }
  }

  #drop(held: P): void {
    const key = keyOf(held);
    this.#byKey.delete(key);
    this.#byUid.delete(held.uid);
    this.#unindex(held, key);
  }

  #unindex(held: P, key: string): void {
    for (const index of this.#indexes.values()) {
      for (const value of index.valuesOf(held)) {
        const entries = index.entries.get(value);
        entries?.delete(key);
        if (entries?.size === 0) index.entries.delete(value);
      }
    }
  }

  /** All subscribers are told, whatever one of them throws; that is given back. */
  #tell(change: Change<P>): unknown[] {
    const errors: unknown[] = [];
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(change);
      } catch (error) {
        errors.push(error);
      }
    }
    this.#waiters.check();
    return errors;
  }
}

function raise(errors: readonly unknown[]): void {
  if (errors.length > 0) throw new AggregateError(errors, 'A subscriber of the store failed');
}

interface Index<P> {
  readonly valuesOf: (object: P) => readonly string[];
  readonly entries: Map<string, Map<string, P>>;
}

function refOf({ namespace, name, uid }: Projected): { namespace: string; name: string; uid: string } {
  return { namespace, name, uid };
}
