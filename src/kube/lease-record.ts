import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from './client.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { microTime } from './micro-time.ts';
import { leases, type Lease } from './resources.ts';

export interface LeaseRecordOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly durationMs: number;
}

/** One Lease object as one candidate sees it: who holds it, and since when by this machine's own clock. */
export class LeaseRecord {
  readonly #options: LeaseRecordOptions;
  /** The version last seen, and when it was seen first; times written in it are not believed. */
  #seen: { readonly lease: Lease; readonly at: number } | undefined;

  constructor(options: LeaseRecordOptions) {
    this.#options = options;
  }

  /** Whether somebody else holds it, as far as we have seen. */
  get lost(): boolean {
    const holder = this.#seen?.lease.spec?.holderIdentity ?? '';
    return holder !== '' && holder !== this.#options.identity;
  }

  /** Takes or renews the Lease if it is ours, free or expired. False when another candidate has it. */
  async acquire(signal: AbortSignal, timeoutMs: number): Promise<boolean> {
    const options = { signal, timeoutMs };
    try {
      if (!this.#isOurs()) await this.#read(options);
      if (!this.#isOurs() && !this.#isFree()) return false;
      this.#note(await this.#write(options));
      return true;
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      // Somebody else wrote or deleted it: what we believed is void.
      this.#seen = undefined;
      await this.#read(options);
      return false;
    }
  }

  /** Gives the Lease away at once, if it is still as we wrote it. */
  async release(timeoutMs: number): Promise<void> {
    const lease = this.#seen?.lease;
    if (lease === undefined || !this.#isOurs()) return;
    const now = microTime(this.#options.clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now };
    const signal = new AbortController().signal;
    await this.#options.client.replace(leases, { ...lease, spec }, { signal, timeoutMs });
    this.#seen = undefined;
  }

  #isOurs(): boolean {
    return this.#seen?.lease.spec?.holderIdentity === this.#options.identity;
  }

  #isFree(): boolean {
    if (this.#seen === undefined) return true;
    const { holderIdentity = '', leaseDurationSeconds = 0 } = this.#seen.lease.spec ?? {};
    const age = this.#options.clock.monotonic() - this.#seen.at;
    return holderIdentity === '' || age > Math.max(leaseDurationSeconds * 1000, this.#options.durationMs);
  }

  async #read(options: { signal: AbortSignal; timeoutMs: number }): Promise<void> {
    const { client, namespace, name } = this.#options;
    try {
      this.#note(await client.get(leases, { namespace, name }, options));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#seen = undefined;
    }
  }

  #note(lease: Lease): void {
    if (lease.metadata.resourceVersion === this.#seen?.lease.metadata.resourceVersion) return;
    this.#seen = { lease, at: this.#options.clock.monotonic() };
  }

  #write(options: { signal: AbortSignal; timeoutMs: number }): Promise<Lease> {
    const { client, namespace, name, identity, clock, durationMs } = this.#options;
    const now = microTime(clock.now());
    const held = this.#seen?.lease.spec;
    const kept = held?.holderIdentity === identity;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: kept ? (held.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (held?.leaseTransitions ?? 0) + (kept || held === undefined ? 0 : 1),
    };
    if (this.#seen === undefined) return client.create(leases, { metadata: { namespace, name }, spec }, options);
    return client.replace(leases, { ...this.#seen.lease, spec }, options);
  }
}
