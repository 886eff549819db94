import type { Clock } from '../../runtime/clock.ts';

export interface TokenBucketOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly perSecond: number;
  /** Tokens that gather while nobody wants one; default 1, so that no second sees more than `perSecond`. */
  readonly burst?: number;
}

/** Lets at most so many through a second, in the order in which they came. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  /** When the bucket will have been full again: what is taken moves it on. */
  #fullAt = 0;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** Resolves when there is a token, and takes it; at once when the signal aborts, which the caller has to look at. */
  async take(signal: AbortSignal): Promise<void> {
    const { clock, perSecond, burst = 1 } = this.#options;
    const now = clock.monotonic();
    const token = 1_000 / perSecond;
    this.#fullAt = Math.max(this.#fullAt, now) + token;
    const wait = this.#fullAt - now - burst * token;
    if (wait > 0) await clock.sleep(wait, signal);
  }
}
