import type { Clock } from '../runtime/clock.ts';
import { PeerwrightError } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import type { KubeClient } from './client.ts';
import { LeaseRecord } from './lease-record.ts';

export interface LeaseTimings {
  /** Others take over this long after the last renewal they saw. */
  readonly durationMs: number;
  readonly renewMs: number;
  /** We stop this long after our last renewal was sent. */
  readonly deadlineMs: number;
  /** Between attempts to acquire, or to renew after a failure. */
  readonly retryMs: number;
}

export interface LeaderElectionOptions {
  /** Not guarded by this very election. */
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, such as the pod's name and uid. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** Told when leading begins and ends, for metrics. */
  readonly onChange?: (leading: boolean) => void;
  readonly timings?: Partial<LeaseTimings>;
}

export interface LeaderWork {
  /** The work of a leader; its signal aborts when leading ends, and it should resolve soon after. */
  readonly onStarted: (signal: AbortSignal) => Promise<void>;
}

const TIMINGS: LeaseTimings = { durationMs: 15_000, renewMs: 5_000, deadlineMs: 10_000, retryMs: 2_000 };
const RELEASE_TIMEOUT_MS = 2_000;

/**
 * Leads while it holds a Lease.
 *
 *   candidate ──acquired──► leading ──renewed──► leading
 *       ▲                      │ deadline passed, or somebody else holds it
 *       └──── work ended ──────┘
 *   stop: work ended, Lease released, so that the next one need not wait
 *
 * Time is measured on this machine's monotonic clock only, from before a renewal is sent: a hanging renewal and a stalled
 * event loop both end leading in time.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #timings: LeaseTimings;
  readonly #random: Random;
  readonly #record: LeaseRecord;
  #leadingUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#timings = { ...TIMINGS, ...options.timings };
    this.#random = options.random ?? systemRandom;
    this.#record = new LeaseRecord({ ...options, durationMs: this.#timings.durationMs });
  }

  /** True only while nobody else can hold the Lease. */
  get leading(): boolean {
    return this.#options.clock.monotonic() < this.#leadingUntil;
  }

  /** Throws `NotLeading`. For `client.guarded`: called right before each write, it stops one after a stalled event loop. */
  readonly assertLeading = (): void => {
    if (this.leading) return;
    throw new PeerwrightError('NotLeading', 'This process is not the leader, or no longer sure of it.');
  };

  /**
   * Competes until the signal aborts, again after each loss; then releases the Lease and resolves. Rejects only with
   * what `onStarted` throws while leading.
   */
  async run(work: LeaderWork, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#renewed(signal)) await this.#lead(work, signal);
      if (!signal.aborted) await this.#pause(this.#timings.retryMs, signal);
    }
  }

  async #lead(work: LeaderWork, signal: AbortSignal): Promise<void> {
    const { log, onChange, clock, identity } = this.#options;
    const term = new AbortController();
    const stop = () => term.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    log?.info({ identity }, 'leading');
    onChange?.(true);
    const kept = [this.#keepRenewing(term), this.#watchDeadline(term)];
    try {
      await work.onStarted(term.signal);
    } catch (error) {
      // What the abort tears out of the work is no failure of it.
      if (!term.signal.aborted) throw error;
      log?.debug({ error }, 'work of the leader ended');
    } finally {
      signal.removeEventListener('abort', stop);
      term.abort(notLeadingAnyMore());
      await Promise.all(kept);
      if (clock.monotonic() < this.#leadingUntil) await this.#release();
      this.#leadingUntil = Number.NEGATIVE_INFINITY;
      onChange?.(false);
      log?.info({ identity }, 'not leading any more');
    }
  }

  async #keepRenewing(term: AbortController): Promise<void> {
    const { renewMs, retryMs } = this.#timings;
    let wait = renewMs;
    while (!term.signal.aborted) {
      await this.#pause(wait, term.signal);
      if (term.signal.aborted) return;
      if (!this.leading || this.#record.lost) return term.abort(notLeadingAnyMore());
      wait = (await this.#renewed(term.signal)) ? renewMs : retryMs;
      if (this.#record.lost) {
        this.#leadingUntil = Number.NEGATIVE_INFINITY;
        return term.abort(notLeadingAnyMore());
      }
    }
  }

  async #watchDeadline(term: AbortController): Promise<void> {
    while (!term.signal.aborted) {
      const left = this.#leadingUntil - this.#options.clock.monotonic();
      if (left <= 0) return term.abort(notLeadingAnyMore());
      await this.#options.clock.sleep(left, term.signal);
    }
  }

  /** True when the Lease is ours, as of before the attempt. */
  async #renewed(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    const sent = clock.monotonic();
    try {
      if (!(await this.#record.acquire(signal, this.#timings.deadlineMs))) return false;
    } catch (error) {
      if (!signal.aborted) log?.warn({ error }, 'lease could not be acquired or renewed');
      return false;
    }
    this.#leadingUntil = sent + this.#timings.deadlineMs;
    return this.leading;
  }

  /** Its own time limit instead of the signal, which has aborted when this is needed most. */
  async #release(): Promise<void> {
    this.#leadingUntil = Number.NEGATIVE_INFINITY;
    try {
      await this.#record.release(RELEASE_TIMEOUT_MS);
    } catch (error) {
      this.#options.log?.warn({ error }, 'lease could not be released; it expires by itself');
    }
  }

  /** Up to a fifth more, so that candidates do not move in step. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(ms * (1 + this.#random.unit() / 5), signal);
  }
}

function notLeadingAnyMore(): PeerwrightError {
  return new PeerwrightError('NotLeading', 'This process does not lead any more.');
}
