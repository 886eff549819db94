import type { Clock } from '../../runtime/clock.ts';

/**
 * - Alive: this process saw the agent's Lease change within the last 40 s, on its own clock; what the Lease says is not
 *   believed.
 * - Lapsed: it did not.
 * - Unseen: this process has not watched for 40 s yet; nothing is concluded.
 */
export type AgentState = 'Alive' | 'Lapsed' | 'Unseen';

export interface LivenessDeps {
  readonly clock: Clock;
  readonly onChange: (nodeName: string) => void;
  /** All nodes: one whose agent has no Lease at all lapses too. */
  readonly nodeNames: () => Iterable<string>;
}

const TIMEOUT_MS = 40_000;
const TICK_MS = 1_000;
/** A tick this late means that this process stood still, and so did its watches. */
const STALL_MS = 5_000;
/** Longer than the longest wait between two attempts of a watch. */
const INTERRUPTION_MS = 15_000;

/** Knows which nodes' agents are alive. */
export class AgentLiveness {
  readonly #deps: LivenessDeps;
  readonly #leases = new Map<string, { renewTime: string; changedAt?: number }>();
  readonly #announced = new Map<string, AgentState>();
  #watchingSince: number | undefined;
  /** When a Lease was last seen to change, anybody's. */
  #lastHeard: number | undefined;
  /** When the watch on Leases last failed, if nothing was heard since. */
  #interruptedAt: number | undefined;

  constructor(deps: LivenessDeps) {
    this.#deps = deps;
  }

  state(nodeName: string): AgentState {
    const now = this.#deps.clock.monotonic();
    const changedAt = this.#leases.get(nodeName)?.changedAt;
    if (changedAt !== undefined) return now - changedAt <= TIMEOUT_MS ? 'Alive' : 'Lapsed';
    return now - (this.#watchingSince ?? now) <= TIMEOUT_MS ? 'Unseen' : 'Lapsed';
  }

  /** A Lease as the cache has it. The first sight of one is no sign of life unless it appeared while watching. */
  observe(nodeName: string, renewTime: string): void {
    const known = this.#leases.get(nodeName);
    if (known?.renewTime === renewTime) return;
    const fresh = known !== undefined || this.#watchingSince !== undefined;
    const now = this.#deps.clock.monotonic();
    this.#lastHeard = now;
    this.#interruptedAt = undefined;
    this.#leases.set(nodeName, { renewTime, ...(fresh && { changedAt: now }) });
    this.#announce(nodeName);
  }

  /**
   * The watch on Leases has failed: that nothing was seen since the last change proves nothing, and nothing is concluded
   * until something is seen again. Otherwise an API server that was away would make every agent look dead, and the
   * first one to be seen again would get all gateways.
   */
  interrupted(): void {
    const now = this.#deps.clock.monotonic();
    if (this.#interruptedAt === undefined) this.#forgive(now - (this.#lastHeard ?? now));
    this.#interruptedAt = now;
  }

  /** Notices lapses. Call once the Leases have synced. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    this.#watchingSince = clock.monotonic();
    let last = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, signal);
      const now = clock.monotonic();
      if (now - last > STALL_MS || this.#isInterrupted(now)) this.#forgive(now - last);
      last = now;
      for (const nodeName of new Set([...this.#leases.keys(), ...this.#deps.nodeNames()])) this.#announce(nodeName);
    }
  }

  /** Failures repeat while they last; after the last one the agents get the time to be seen. */
  #isInterrupted(now: number): boolean {
    return this.#interruptedAt !== undefined && now - this.#interruptedAt < INTERRUPTION_MS;
  }

  #forgive(stalledMs: number): void {
    if (this.#watchingSince !== undefined) this.#watchingSince += stalledMs;
    for (const lease of this.#leases.values()) if (lease.changedAt !== undefined) lease.changedAt += stalledMs;
  }

  #announce(nodeName: string): void {
    const state = this.state(nodeName);
    if (this.#announced.get(nodeName) === state) return;
    this.#announced.set(nodeName, state);
    this.#deps.onChange(nodeName);
  }
}
