import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { KubeClient } from './client.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import { leases, type Lease } from './resources.ts';

export interface HeartbeatOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Who is alive, such as the node's name. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log?: Log;
  /** Told after each attempt, for metrics and readiness. */
  readonly onBeat?: (ok: boolean) => void;
  /** Default 10 s. */
  readonly intervalMs?: number;
  /** After a failure; default 2 s. */
  readonly retryMs?: number;
}

/** What readers may take for death; Peerwright's own reader trusts only changes that it sees itself. */
const DURATION_SECONDS = 40;
const INTERVAL_MS = 10_000;

/** Says "alive" by renewing a Lease that nobody else competes for. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #lease: Lease | undefined;
  #failures = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Beats until the signal aborts, whatever fails; never rejects. The Lease stays. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onBeat, intervalMs = INTERVAL_MS, retryMs = 2_000 } = this.#options;
    while (!signal.aborted) {
      const ok = await this.#attempt({ signal, timeoutMs: intervalMs });
      if (signal.aborted) return;
      onBeat?.(ok);
      await clock.sleep(ok ? intervalMs : retryMs, signal);
    }
  }

  async #attempt(options: { signal: AbortSignal; timeoutMs: number }): Promise<boolean> {
    try {
      await this.#beat(options);
      this.#failures = 0;
    } catch (error) {
      if (options.signal.aborted) return false;
      this.#failures += 1;
      const fields = { error, failures: this.#failures };
      if (this.#failures === 1) this.#options.log?.warn(fields, 'heartbeat failed');
      else this.#options.log?.debug(fields, 'heartbeat still failing');
    }
    return this.#failures === 0;
  }

  async #beat(options: { signal: AbortSignal; timeoutMs: number }): Promise<void> {
    try {
      this.#lease = await this.#write(options);
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      this.#lease = await this.#read(options);
      this.#lease = await this.#write(options);
    }
  }

  async #read(options: { signal: AbortSignal; timeoutMs: number }): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get(leases, { namespace, name }, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #write(options: { signal: AbortSignal; timeoutMs: number }): Promise<Lease> {
    const { client, namespace, name, identity, clock } = this.#options;
    const renewTime = microTime(clock.now());
    const spec = { holderIdentity: identity, leaseDurationSeconds: DURATION_SECONDS, renewTime };
    if (this.#lease === undefined) return client.create(leases, { metadata: { namespace, name }, spec }, options);
    return client.replace(leases, { ...this.#lease, spec }, options);
  }
}
