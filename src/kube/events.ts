import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import type { KubeClient } from './client.ts';
import { isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import type { ObjectRef } from './object.ts';
import { events, type ObjectReference } from './resources.ts';

/** The object that an event is about; `namespace` is absent for cluster-scoped kinds. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

export interface NewEvent {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, ≤ 128 characters. */
  readonly reason: string;
  /** What was done or tried, UpperCamelCase, such as `Allocate`. */
  readonly action: string;
  /** One sentence for a person; cut at 1,024 bytes. */
  readonly note: string;
}

export interface EventWriterOptions {
  readonly client: KubeClient;
  /** Such as `peerwright.dev/operator`. */
  readonly controller: string;
  /** Such as the pod's name; ≤ 128 characters. */
  readonly instance: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly random?: Random;
  readonly log?: Log;
  /** Told of each event that did not get to the API server, for metrics. */
  readonly onDropped?: (event: NewEvent) => void;
}

const SERIES_MS = 10 * 60_000;
/** A series is counted here and written at most this often. */
const PATCH_EVERY_MS = 60_000;
const MAX_SERIES = 1_000;
const MAX_PENDING = 100;
const TIMEOUT_MS = 5_000;

interface Series {
  readonly ref: ObjectRef;
  readonly start: number;
  count: number;
  patchedAt: number;
}

/** Writes events.k8s.io/v1 events, the same one within ten minutes as a series. Nothing it does fails the caller. */
export class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #random: Random;
  /** In order of their start. */
  readonly #series = new Map<string, Series>();
  readonly #stop = new AbortController();
  #last: Promise<void> = Promise.resolve();
  #pending = 0;

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
  }

  /** Returns at once; the event is written later, in order, or dropped when too many wait. */
  emit(event: NewEvent): void {
    if (this.#pending >= MAX_PENDING || this.#stop.signal.aborted) return this.#drop(event, 'too many events wait');
    this.#pending += 1;
    this.#last = this.#last
      .then(() => this.#write(event))
      .catch((error: unknown) => this.#drop(event, error))
      .finally(() => {
        this.#pending -= 1;
      });
  }

  /** Resolves when everything emitted so far is written or dropped. */
  flush(): Promise<void> {
    return this.#last;
  }

  /** Gives up what waits and resolves when nothing is under way. */
  close(): Promise<void> {
    this.#stop.abort();
    return this.#last;
  }

  async #write(event: NewEvent): Promise<void> {
    const { regarding, type, reason, note } = event;
    const key = JSON.stringify([regarding.uid, type, reason, note]);
    const now = this.#options.clock.monotonic();
    const series = this.#series.get(key);
    if (series === undefined || now - series.start >= SERIES_MS) return this.#begin(key, event);
    series.count += 1;
    if (series.count > 2 && now - series.patchedAt < PATCH_EVERY_MS) return;
    series.patchedAt = now;
    await this.#continue(key, event, series);
  }

  async #begin(key: string, event: NewEvent): Promise<void> {
    const { client, controller, instance, clock } = this.#options;
    const { regarding, type, reason, action } = event;
    const ref = { namespace: regarding.namespace ?? 'default', name: `${regarding.name}.${this.#suffix()}` };
    const about: ObjectReference = { ...regarding };
    await client.create(
      events,
      {
        metadata: ref,
        eventTime: microTime(clock.now()),
        reportingController: controller,
        reportingInstance: instance,
        regarding: about,
        note: cut(event.note),
        type,
        reason,
        action,
      },
      this.#call(),
    );
    const start = clock.monotonic();
    this.#series.delete(key);
    this.#series.set(key, { ref, start, count: 1, patchedAt: start });
    const [oldest] = this.#series.keys();
    if (this.#series.size > MAX_SERIES && oldest !== undefined) this.#series.delete(oldest);
  }

  async #continue(key: string, event: NewEvent, { ref, count }: Series): Promise<void> {
    const { client, clock } = this.#options;
    const patch = { series: { count, lastObservedTime: microTime(clock.now()) } };
    try {
      await client.mergePatch(events, ref, { ...this.#call(), patch });
    } catch (error) {
      // The API server forgets events after an hour, or somebody cleaned up.
      if (!isNotFound(error)) throw error;
      await this.#begin(key, event);
    }
  }

  #call(): { signal: AbortSignal; timeoutMs: number } {
    return { signal: this.#stop.signal, timeoutMs: TIMEOUT_MS };
  }

  #drop(event: NewEvent, error: unknown): void {
    const { log, onDropped } = this.#options;
    const { reason, regarding } = event;
    log?.warn({ error, reason, kind: regarding.kind, name: regarding.name }, 'event dropped');
    onDropped?.(event);
  }

  #suffix(): string {
    const half = () =>
      Math.floor(this.#random.unit() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return `${half()}${half()}`;
  }
}

const MAX_NOTE_BYTES = 1_024;

function cut(note: string): string {
  const bytes = Buffer.from(note, 'utf8');
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  // A character cut in the middle decodes to U+FFFD, at the end only.
  return `${bytes
    .subarray(0, MAX_NOTE_BYTES - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}
