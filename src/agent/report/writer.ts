import type { NodeReportSpec } from '../../api/v1alpha1/node-report.ts';
import { backoffMs } from '../../kube/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { systemRandom } from '../../runtime/random.ts';
import { differenceOf } from './difference.ts';
import type { ReportStorage } from './storage.ts';

export interface ReportWriterDeps {
  readonly storage: Pick<ReportStorage, 'spec' | 'write' | 'verify' | 'shardCount'>;
  readonly contentOf: (shard: number) => NodeReportSpec;
  readonly clock: Clock;
  readonly log: Log;
  readonly onWritten: () => void;
}

/** Between two writes of a shard. */
const CHANGE_MS = 1_000;
/** Between two writes of a shard that tell of connections only. */
const TRANSITION_MS = 15_000;
/** One shard each. */
const REFRESH_MS = 60_000;
const BACKOFF = { baseMs: 500, maxMs: 15_000, random: () => systemRandom.unit() };
/** Shards written at once. */
const PARALLEL = 8;

interface Pace {
  writtenAt: number;
  failures: number;
  notBefore: number;
}

/** Brings stored reports up to date, each at its pace: what changes soon, what only tells of connections later on. */
export class ReportWriter {
  readonly #deps: ReportWriterDeps;
  readonly #pending = new Set<number>();
  readonly #paces = new Map<number, Pace>();
  #wake = new AbortController();
  #refreshed = 0;

  constructor(deps: ReportWriterDeps) {
    this.#deps = deps;
  }

  /** What a shard says may be different now. */
  changed(shard: number): void {
    this.#pending.add(shard);
    this.#wake.abort();
  }

  /** Writes until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#write(signal), this.#refresh(signal)]);
  }

  async #write(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const due = [...this.#pending].toSorted((a, b) => a - b).map((shard) => ({ shard, at: this.#dueAt(shard) }));
      const now = clock.monotonic();
      const ready = due.filter(({ at }) => at <= now).slice(0, PARALLEL);
      await Promise.all(ready.map(({ shard }) => this.#attempt(shard, signal)));
      if (ready.length > 0) continue;
      const next = Math.min(...due.map(({ at }) => at));
      await clock.sleep(Math.min(next - now, REFRESH_MS), AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  /** When a shard may be written; a shard that is up to date is pending no more. */
  #dueAt(shard: number): number {
    const { storage, contentOf } = this.#deps;
    const { writtenAt, notBefore } = this.#pace(shard);
    const difference = differenceOf(storage.spec(shard), contentOf(shard));
    switch (difference) {
      case 'None':
      case 'Refresh':
        this.#pending.delete(shard);
        return Number.POSITIVE_INFINITY;
      case 'Transition':
        return Math.max(writtenAt + TRANSITION_MS, notBefore);
      case 'Change':
        return Math.max(writtenAt + CHANGE_MS, notBefore);
    }
  }

  async #attempt(shard: number, signal: AbortSignal): Promise<void> {
    const { storage, contentOf, clock, log, onWritten } = this.#deps;
    const pace = this.#pace(shard);
    const shards = storage.shardCount;
    try {
      this.#pending.delete(shard);
      await storage.write(shard, contentOf(shard), signal);
      pace.writtenAt = clock.monotonic();
      pace.failures = 0;
      onWritten();
      if (storage.shardCount !== shards) this.changed(0);
    } catch (error) {
      if (signal.aborted) return;
      this.#pending.add(shard);
      pace.failures += 1;
      pace.notBefore = clock.monotonic() + backoffMs(pace.failures, BACKOFF);
      const fields = { error, shard, failures: pace.failures };
      if (pace.failures === 1) log.warn(fields, 'report not written');
      else log.debug(fields, 'report still not written');
    }
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const { clock, storage } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(REFRESH_MS, signal);
      if (signal.aborted) return;
      this.#refreshed = this.#refreshed >= storage.shardCount ? 0 : this.#refreshed + 1;
      await this.#refreshShard(this.#refreshed, signal);
    }
  }

  /** Also sees that a report was removed or changed by somebody else. */
  async #refreshShard(shard: number, signal: AbortSignal): Promise<void> {
    const { storage, contentOf, log } = this.#deps;
    try {
      await storage.verify(shard, signal);
    } catch (error) {
      if (!signal.aborted) log.debug({ error, shard }, 'report not verified');
      return;
    }
    const isOld = differenceOf(storage.spec(shard), contentOf(shard)) === 'Refresh';
    if (isOld) await this.#attempt(shard, signal);
    else this.changed(shard);
  }

  #pace(shard: number): Pace {
    const pace = this.#paces.get(shard) ?? { writtenAt: Number.NEGATIVE_INFINITY, failures: 0, notBefore: 0 };
    this.#paces.set(shard, pace);
    return pace;
  }
}
