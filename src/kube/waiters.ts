/** Promises that resolve when a condition holds; whoever changes what the conditions look at calls `check`. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Rejects with the signal's reason when that aborts first. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', abort);
      };
      const look = () => {
        if (!holds()) return;
        end();
        resolve();
      };
      const abort = () => {
        end();
        reject(signal.reason);
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  check(): void {
    for (const look of this.#waiting) look();
  }
}
