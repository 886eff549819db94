import { PeerwrightError } from '../runtime/error.ts';
import { compareVersions } from './object.ts';
import type { Projected, Store } from './store.ts';

export interface OwnWritesOptions {
  /** How long to wait for the cache; default 5 s. */
  readonly boundMs?: number;
}

/** Remembers per key what was last written, so that the next reconcile does not decide on a cache from before. */
export class OwnWrites {
  readonly #versions = new Map<string, string>();
  readonly #boundMs: number;

  constructor(options: OwnWritesOptions = {}) {
    this.#boundMs = options.boundMs ?? 5_000;
  }

  /** Notes the resourceVersion of a write's response. */
  wrote(key: string, resourceVersion: string | undefined): void {
    if (compareVersions(resourceVersion, this.#versions.get(key)) > 0) this.#versions.set(key, resourceVersion ?? '');
  }

  /** Resolves when `store` shows the last write for `key`. Throws `CacheBehind` (to be retried) after the bound. */
  async settled<P extends Projected>(key: string, store: Store<P>, signal: AbortSignal): Promise<void> {
    const version = this.#versions.get(key);
    if (version === undefined) return;
    await this.#wait((bounded) => store.shows(key, version, bounded), signal);
    if (this.#versions.get(key) === version) this.#versions.delete(key);
  }

  async #wait(shown: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const bounded = new AbortController();
    const abort = () => bounded.abort(signal.reason);
    const timer = setTimeout(() => bounded.abort(cacheBehind(this.#boundMs)), this.#boundMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      await shown(bounded.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}

function cacheBehind(ms: number): PeerwrightError {
  return new PeerwrightError('CacheBehind', `The watch has not shown our own write for ${ms} ms.`);
}
