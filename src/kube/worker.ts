import { PeerwrightError, type Retry } from '../runtime/error.ts';
import type { Log } from '../runtime/log.ts';
import { isConflict } from './errors.ts';
import type { Queue } from './queue.ts';

export interface Again {
  /** Look at the key again after this time, change or not. */
  readonly againAfterMs?: number;
}

/** Brings what `key` names to its desired state. Throw to be called again; `error.retry` says when. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Again | void>;

export interface Outcome {
  readonly key: string;
  readonly result: 'ok' | 'error';
  readonly seconds: number;
  readonly error?: unknown;
}

export interface WorkersOptions {
  readonly queue: Queue;
  /** Keys in hand at once. */
  readonly concurrency: number;
  readonly reconcile: Reconcile;
  readonly log?: Log;
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Works on the queue until the signal aborts; resolves when the last reconcile has ended. Never rejects. */
export async function runWorkers(options: WorkersOptions, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: options.concurrency }, () => work(options, signal)));
}

async function work(options: WorkersOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    const key = await options.queue.next(signal);
    if (key === undefined) return;
    await handle(key, options, signal);
    options.queue.done(key);
  }
}

async function handle(key: string, options: WorkersOptions, signal: AbortSignal): Promise<void> {
  const { queue, reconcile } = options;
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const again = await reconcile(key, signal);
    queue.forget(key);
    if (again?.againAfterMs !== undefined) queue.addAfter(key, again.againAfterMs);
    options.onOutcome?.({ key, result: 'ok', seconds: seconds() });
  } catch (error) {
    // What is torn out of our hands is no failure, but has to be looked at when this process leads again.
    if (signal.aborted) return queue.add(key);
    failed(key, error, options);
    options.onOutcome?.({ key, result: 'error', seconds: seconds(), error });
  }
}

function failed(key: string, error: unknown, { queue, log }: WorkersOptions): void {
  const againAfterMs = schedule(key, retryOf(error), queue);
  const fields = { key, error, againAfterMs, failures: queue.failures(key) };
  // Two writers meeting is the normal course of compare-and-swap.
  if (isConflict(error)) log?.debug(fields, 'reconcile met a newer object');
  else log?.error(fields, 'reconcile failed');
}

function schedule(key: string, retry: Retry, queue: Queue): number | undefined {
  if (retry === 'backoff') return queue.retry(key);
  queue.forget(key);
  if (retry === 'never') return undefined;
  queue.addAfter(key, retry.afterMs);
  return retry.afterMs;
}

/** An error nobody foresaw is worth another try: it may be gone with the next state of the world. */
function retryOf(error: unknown): Retry {
  return error instanceof PeerwrightError ? error.retry : 'backoff';
}
