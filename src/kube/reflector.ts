import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import { backoffMs } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { isThrottled, isUnauthorized, isUnreachable, KubeError, KubeErrorCode } from './errors.ts';
import { Intake } from './intake.ts';
import type { KubeObject, ObjectMeta, Resource } from './object.ts';
import type { Projected, Store } from './store.ts';
import { untilSilent } from './silence.ts';
import { watchEvents } from './watch-stream.ts';

export interface ReflectorOptions<T extends KubeObject, P extends Projected> {
  readonly client: Pick<KubeClient, 'watch' | 'pages'>;
  readonly resource: Resource<T>;
  /** Absent means all namespaces. */
  readonly namespace?: string | undefined;
  /** Selectors must be on immutable fields: an object that stops to match looks deleted. */
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly project: (object: T) => P;
  readonly store: Store<P>;
  readonly clock: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** Told of every failure; the reflector goes on by itself. */
  readonly onError?: (error: unknown) => void;
  /** Told of an object whose projection throws. What the store held of it stays. */
  readonly onInvalid?: (meta: ObjectMeta, error: unknown) => void;
  /** Whether to try a streaming list before a paginated one; default true. */
  readonly streaming?: boolean;
  readonly timings?: Partial<ReflectorTimings>;
}

export interface ReflectorTimings {
  /** Length of one watch; up to a fifth is taken off at random. Default 30 s. */
  readonly watchSeconds: number;
  /** A watch that brings nothing for so long is dead. Default 35 s. */
  readonly silenceMs: number;
  /** First and longest wait after failures. Default 200 ms and 10 s. */
  readonly baseMs: number;
  readonly maxMs: number;
}

const TIMINGS: ReflectorTimings = { watchSeconds: 30, silenceMs: 35_000, baseMs: 200, maxMs: 10_000 };
/** A watch that ends sooner, having brought nothing, is a failure: asking again at once would be a storm. */
const TOO_SHORT_MS = 1_000;
const MAX_INITIAL_SECONDS = 600;

/** Keeps a store equal to a collection of the API server, through every failure, until its signal aborts. */
export class Reflector<T extends KubeObject, P extends Projected> {
  readonly #options: ReflectorOptions<T, P>;
  readonly #timings: ReflectorTimings;
  readonly #random: Random;
  readonly #intake: Intake<T, P>;
  #streaming: boolean;
  #initialSeconds: number;
  #progress = false;
  #failures = 0;

  constructor(options: ReflectorOptions<T, P>) {
    this.#options = options;
    this.#timings = { ...TIMINGS, ...options.timings };
    this.#random = options.random ?? systemRandom;
    this.#streaming = options.streaming ?? true;
    this.#initialSeconds = this.#timings.watchSeconds;
    const { store, project } = options;
    this.#intake = new Intake({ store, project, onInvalid: (meta, error) => this.#invalid(meta, error) });
  }

  /** Resolves when the signal aborts, never before; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#progress = false;
      const start = this.#options.clock.monotonic();
      const error = await this.#session(signal).catch((thrown: unknown) => thrown ?? new Error('nothing thrown'));
      if (signal.aborted) return;
      if (error !== undefined) await this.#failed(error, signal);
      else if (!this.#progress && this.#options.clock.monotonic() - start < TOO_SHORT_MS) {
        await this.#failed(endedAtOnce(this.#what), signal);
      }
    }
  }

  /** One list or one watch; resolves to undefined when it came to its proper end. */
  async #session(signal: AbortSignal): Promise<undefined> {
    const from = this.#intake.position;
    if (from !== undefined) await this.#watch({ resourceVersion: from }, signal);
    else if (this.#streaming) await this.#streamingList(signal);
    else await this.#paginatedList(signal);
  }

  /** List and watch in one; goes on as a watch when the list is complete. */
  async #streamingList(signal: AbortSignal): Promise<void> {
    this.#intake.beginList();
    try {
      const query = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
      await this.#watch(query, signal);
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      this.#options.log?.debug({ resource: this.#what }, 'the API server does not stream lists; asking page by page');
      this.#streaming = false;
      this.#progress = true;
      return;
    }
    // The server ended a list that takes longer than a watch may.
    if (this.#intake.position === undefined) {
      this.#initialSeconds = Math.min(this.#initialSeconds * 2, MAX_INITIAL_SECONDS);
    }
  }

  async #paginatedList(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, fieldSelector, labelSelector } = this.#options;
    this.#intake.beginList();
    let resourceVersion = '';
    for await (const page of client.pages(resource, { namespace, fieldSelector, labelSelector, signal })) {
      for (const item of page.items) this.#intake.listItem(item);
      resourceVersion = page.resourceVersion;
    }
    this.#intake.endList(resourceVersion);
    this.#progressed();
  }

  async #watch(query: Readonly<Record<string, string | boolean>>, signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, fieldSelector, labelSelector, clock } = this.#options;
    const dead = silent(this.#what, this.#timings.silenceMs);
    await untilSilent({ clock, ms: this.#timings.silenceMs, error: dead }, signal, async (alive, onActivity) => {
      const body = await client.watch(resource, {
        namespace,
        fieldSelector,
        labelSelector,
        signal: alive,
        query: { ...query, allowWatchBookmarks: true, timeoutSeconds: this.#seconds() },
      });
      for await (const event of watchEvents<T>(body, { what: this.#what, onActivity })) {
        this.#intake.event(event);
        if (this.#intake.position !== undefined) this.#progressed();
      }
    });
  }

  #seconds(): number {
    const seconds = this.#intake.position === undefined ? this.#initialSeconds : this.#timings.watchSeconds;
    return Math.max(1, Math.round(seconds * (1 - this.#random.unit() / 5)));
  }

  #progressed(): void {
    if (this.#failures > 0) this.#options.log?.info({ resource: this.#what }, 'watching again');
    this.#progress = true;
    this.#failures = 0;
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { log, onError, clock } = this.#options;
    if (!keepsPosition(error)) this.#intake.lost();
    this.#failures += 1;
    const backoff = backoffMs(this.#failures, { ...this.#timings, random: () => this.#random.unit() });
    const ms = isThrottled(error) ? Math.max(backoff, error.retry.afterMs) : backoff;
    const fields = { resource: this.#what, error, againAfterMs: Math.round(ms), failures: this.#failures };
    // The first of a row tells a person; the rest would fill the log for as long as the API server is away.
    if (this.#failures === 1) log?.warn(fields, 'watch interrupted');
    else log?.debug(fields, 'watch still interrupted');
    onError?.(error);
    await clock.sleep(ms, signal);
  }

  #invalid(meta: ObjectMeta, error: unknown): void {
    const { log, onInvalid } = this.#options;
    const { namespace, name } = meta;
    log?.error({ resource: this.#what, namespace, name, error }, 'object cannot be understood; its last state is kept');
    onInvalid?.(meta, error);
  }

  get #what(): string {
    return `watch ${this.#options.resource.plural}`;
  }
}

/** After these the server may still know where the watch was; after anything else only a list tells. */
function keepsPosition(error: unknown): boolean {
  if (isUnreachable(error) || isThrottled(error) || isUnauthorized(error)) return true;
  if (!(error instanceof KubeError)) return false;
  return error.code === KubeErrorCode.timeout || (error.code === KubeErrorCode.serverError && error.status >= 500);
}

/** A server without the WatchList feature refuses the parameters. */
function isUnsupported(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 422 || error.status === 400);
}

function silent(what: string, ms: number): KubeError {
  const message = `${what}: nothing came for ${ms} ms`;
  return new KubeError({ code: KubeErrorCode.timeout, message, status: 0, reason: 'Silence' });
}

function endedAtOnce(what: string): KubeError {
  const message = `${what}: the stream ended at once`;
  return new KubeError({ code: KubeErrorCode.unreachable, message, status: 200, reason: 'EmptyStream' });
}
