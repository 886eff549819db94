import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for, for the error. */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Polls until `look` gives something that is not undefined or false; its last answer is in the error. */
export async function waitFor<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { what, timeoutMs = 30_000, everyMs = 50 }: WaitOptions,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(everyMs);
  }
}

/** Milliseconds until `look` gives something. */
export async function timed(look: Parameters<typeof waitFor>[0], options: WaitOptions): Promise<number> {
  const start = performance.now();
  await waitFor(look, options);
  return performance.now() - start;
}
