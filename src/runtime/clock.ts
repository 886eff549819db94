import { performance } from 'node:perf_hooks';

/** Time as a port, so that tests decide how it passes. */
export interface Clock {
  /** Milliseconds since the epoch; may jump, for what is shown to people and other machines. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back, for measuring. */
  monotonic(): number;
  /**
   * Resolves after `ms`, or at once when `signal` aborts: it never rejects, so a loop only asks `signal.aborted`.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    let left = ms;
    for (; left > LONGEST_TIMER_MS && !signal.aborted; left -= LONGEST_TIMER_MS) {
      await sleepOnce(LONGEST_TIMER_MS, signal);
    }
    await sleepOnce(left, signal);
  },
};

/** What setTimeout takes is 32 bits; a longer wait ends after one millisecond. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function sleepOnce(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
