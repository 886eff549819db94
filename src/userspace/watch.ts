import { watch } from 'node:fs';
import { openFolder } from '../dataplane/userspace-request.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

export interface WatchDeps {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** May call `wake` later, to be called again at once. */
  readonly reconcile: (wake: () => void) => Promise<void>;
}

/**
 * Reconciles at every change of the folder and every second, until `signal` aborts. An error is logged and tried
 * again: a request that fails must not end the wireguard-go of others.
 */
export async function watchRequests({ folder, clock, log, reconcile }: WatchDeps, signal: AbortSignal): Promise<void> {
  await openFolder(folder);
  let wake = new AbortController();
  using watcher = disposable(watch(folder, () => wake.abort()));
  watcher.on('error', (error) => log.warn({ error }, 'the request folder cannot be watched, looking every second'));
  while (!signal.aborted) {
    wake = new AbortController();
    try {
      await reconcile(() => wake.abort());
    } catch (error) {
      log.error({ error }, 'requests could not be served');
    }
    await clock.sleep(EVERY_MS, AbortSignal.any([signal, wake.signal]));
  }
}

const EVERY_MS = 1000;

function disposable<T extends { close(): void }>(closable: T): T & Disposable {
  return Object.assign(closable, { [Symbol.dispose]: () => closable.close() });
}
