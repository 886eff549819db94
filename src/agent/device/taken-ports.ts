/** For how long a port counts as taken after it was last found so: the operator is to choose another one. */
const KEPT_MS = 600_000;
/** As many as a report holds. */
const MAX_PORTS = 16;

/** The UDP ports that one device was to have and that others held. Times are of a monotonic clock. */
export class TakenPorts {
  /** When each was last found taken, the latest at the end. */
  readonly #seen = new Map<number, number>();

  add(port: number, nowMs: number): void {
    this.#seen.delete(port);
    this.#seen.set(port, nowMs);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_PORTS && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** It is the device's now. */
  remove(port: number): void {
    this.#seen.delete(port);
  }

  /** Sorted. */
  list(nowMs: number): readonly number[] {
    for (const [port, seenMs] of this.#seen) if (nowMs - seenMs >= KEPT_MS) this.#seen.delete(port);
    return [...this.#seen.keys()].toSorted((a, b) => a - b);
  }
}
