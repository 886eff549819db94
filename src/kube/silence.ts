import type { Clock } from '../runtime/clock.ts';

export interface SilenceOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Silence that is taken for death. */
  readonly ms: number;
  /** The abort reason then. */
  readonly error: Error;
}

type Work = (alive: AbortSignal, onActivity: () => void) => Promise<void>;

/** Runs `work`, whose signal aborts when it has reported no activity for a while, or with the outer one. */
export async function untilSilent(options: SilenceOptions, signal: AbortSignal, work: Work): Promise<void> {
  const alive = new AbortController();
  const abort = () => alive.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  let last = options.clock.monotonic();
  const guard = watch(options, alive, () => last);
  try {
    await work(alive.signal, () => {
      last = options.clock.monotonic();
    });
  } catch (error) {
    // Whatever form the abort took on its way through the streams, its reason is the error.
    alive.signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    alive.abort();
    await guard;
  }
}

/** One timer at a time, however much activity there is. */
async function watch(options: SilenceOptions, alive: AbortController, last: () => number): Promise<void> {
  const { clock, ms, error } = options;
  for (;;) {
    const left = last() + ms - clock.monotonic();
    if (alive.signal.aborted) return;
    if (left <= 0) return alive.abort(error);
    await clock.sleep(left, alive.signal);
  }
}
