import { KubeError, KubeErrorCode } from './errors.ts';
import { compareVersions, type KubeObject, type ObjectMeta } from './object.ts';
import type { Projected, Store } from './store.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface IntakeOptions<T extends KubeObject, P extends Projected> {
  readonly store: Store<P>;
  /** What to remember of an object. May throw: the object is then reported as invalid. */
  readonly project: (object: T) => P;
  readonly onInvalid: (meta: ObjectMeta, error: unknown) => void;
}

const INITIAL_END = 'k8s.io/initial-events-end';

/**
 * Takes what lists and watches bring into a store.
 *
 *   beginList → listItem … → endList → event … (live)      paginated LIST, then a watch
 *   beginList → event ADDED (or another) … → event BOOKMARK (end) → event … (live)      streaming list
 *
 * Nothing is removed for being absent before a list is complete. An object as old as what the store has seen, but not in it, was deleted
 * since, unless the list proves to be as new: it waits for the end of the list.
 */
export class Intake<T extends KubeObject, P extends Projected> {
  readonly #options: IntakeOptions<T, P>;
  #list: { readonly uids: Set<string>; readonly doubtful: T[] } | undefined;
  #position: string | undefined;

  constructor(options: IntakeOptions<T, P>) {
    this.#options = options;
  }

  /** Where a watch may go on; undefined when a list is needed first. */
  get position(): string | undefined {
    return this.#position;
  }

  /** The next session lists: what was watched from is of no use any more. The store keeps what it has. */
  lost(): void {
    this.#position = undefined;
    this.#list = undefined;
  }

  beginList(): void {
    this.#position = undefined;
    this.#list = { uids: new Set(), doubtful: [] };
  }

  listItem(object: T): void {
    const { store } = this.#options;
    const { uid = '', resourceVersion } = object.metadata;
    this.#list?.uids.add(uid);
    const deletedSince = compareVersions(resourceVersion, store.resourceVersion) <= 0 && store.byUid(uid) === undefined;
    if (deletedSince) this.#list?.doubtful.push(object);
    else this.#apply(object);
  }

  /** Throws when the list is older than what the store has already seen (a lagging API server). */
  endList(resourceVersion: string): void {
    const { store } = this.#options;
    const list = this.#list ?? { uids: new Set<string>(), doubtful: [] };
    this.#list = undefined;
    if (compareVersions(resourceVersion, store.resourceVersion) < 0) throw stale();
    for (const object of list.doubtful) this.#apply(object);
    store.listed(list.uids, resourceVersion);
    this.#position = resourceVersion;
  }

  /** Throws the error of an ERROR event. */
  event(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') {
      this.lost();
      throw event.error;
    }
    if (this.#list === undefined) this.#live(event.type, event.object);
    else if (isInitialEnd(event)) this.endList(event.object.metadata.resourceVersion ?? '');
    else if (event.type === 'DELETED') this.#listItemGone(event.object);
    else if (event.type !== 'BOOKMARK') this.listItem(event.object);
  }

  /** A server may send what happens meanwhile before the end of a long list, and would not send it again. */
  #listItemGone(object: T): void {
    const { namespace = '', name, uid = '', resourceVersion = '' } = object.metadata;
    const list = this.#list;
    if (list === undefined) return;
    list.uids.delete(uid);
    this.#list = { uids: list.uids, doubtful: list.doubtful.filter(({ metadata }) => metadata.uid !== uid) };
    this.#options.store.remove({ namespace, name, uid, resourceVersion });
  }

  #live(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: T): void {
    const { store } = this.#options;
    const { namespace = '', name, uid = '', resourceVersion = '' } = object.metadata;
    if (type === 'DELETED') store.remove({ namespace, name, uid, resourceVersion });
    else if (type !== 'BOOKMARK') this.#apply(object);
    this.#position = resourceVersion;
    store.advance(resourceVersion);
  }

  #apply(object: T): void {
    const { store, project, onInvalid } = this.#options;
    let projected: P;
    try {
      projected = project(object);
    } catch (error) {
      this.#forgetNamesake(object.metadata);
      onInvalid(object.metadata, error);
      return;
    }
    store.apply(projected);
  }

  /** An invalid object keeps its own last valid state, but not that of a deleted one of its name. */
  #forgetNamesake(meta: ObjectMeta): void {
    const { store } = this.#options;
    const { namespace = '', name, resourceVersion = '' } = meta;
    const held = store.get(namespace === '' ? name : `${namespace}/${name}`);
    if (held !== undefined && held.uid !== meta.uid) store.remove({ namespace, name, uid: held.uid, resourceVersion });
  }
}

function isInitialEnd<T extends KubeObject>(event: WatchEvent<T> & { readonly object: T }): boolean {
  return event.type === 'BOOKMARK' && event.object.metadata.annotations?.[INITIAL_END] === 'true';
}

function stale(): KubeError {
  return new KubeError({
    code: KubeErrorCode.badResponse,
    message: 'The API server answered with a list older than what it sent before',
    status: 200,
    reason: 'StaleList',
  });
}
