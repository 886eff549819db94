import type { Clock } from '../runtime/clock.ts';
import { systemRandom, type Random } from '../runtime/random.ts';
import { backoffMs } from './backoff.ts';

export interface QueueOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly random?: Random;
  /** First wait after a failure; default 100 ms. */
  readonly baseMs?: number;
  /** Longest wait after failures; default 30 s. */
  readonly maxMs?: number;
}

/**
 * Keys that wait to be worked on, first come first served. A key waits once however often it is added, and is never in
 * two hands: added while somebody has it, it waits again when `done`.
 */
export class Queue {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly #random: Random;
  readonly #limits: { readonly baseMs: number; readonly maxMs: number };
  readonly #ready = new Set<string>();
  readonly #held = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: AbortController }>();
  readonly #failures = new Map<string, number>();
  readonly #takers = new Set<() => void>();

  constructor(options: QueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random ?? systemRandom;
    this.#limits = { baseMs: options.baseMs ?? 100, maxMs: options.maxMs ?? 30_000 };
  }

  add(key: string): void {
    if (this.#held.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    const [taker] = this.#takers;
    taker?.();
  }

  /** Adds `key` after `ms`. Of several delays the one that ends first counts. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    const at = this.#clock.monotonic() + ms;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.at <= at) return;
    earlier?.cancel.abort();
    const entry = { at, cancel: new AbortController() };
    this.#delayed.set(key, entry);
    void this.#clock.sleep(ms, entry.cancel.signal).then(() => {
      if (this.#delayed.get(key) !== entry) return;
      this.#delayed.delete(key);
      this.add(key);
    });
  }

  /** Adds `key` after its backoff, which doubles until `forget`. Returns the wait in ms. */
  retry(key: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const ms = backoffMs(failures, { ...this.#limits, random: () => this.#random.unit() });
    this.addAfter(key, ms);
    return ms;
  }

  /** Starts the key's backoff anew; after a success. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The key that has waited longest, held by the caller until `done`; undefined when the signal aborts. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const [key] = this.#ready;
      if (key !== undefined) {
        this.#ready.delete(key);
        this.#held.add(key);
        return key;
      }
      await this.#arrival(signal);
    }
    return undefined;
  }

  done(key: string): void {
    this.#held.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Keys that could be worked on now. */
  get depth(): number {
    return this.#ready.size + this.#again.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  get inHand(): number {
    return this.#held.size;
  }

  /** Cancels every delay, so that no timer keeps the process. */
  close(): void {
    for (const { cancel } of this.#delayed.values()) cancel.abort();
    this.#delayed.clear();
  }

  #arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#takers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#takers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
