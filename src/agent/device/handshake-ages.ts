import type { Clock } from '../../runtime/clock.ts';

interface Heard {
  readonly lastHandshakeMs: number;
  /** How long ago that was when it was seen first, and when that was on the monotonic clock. */
  readonly ageMs: number;
  readonly seenMs: number;
}

/** One look at a peer. */
interface HandshakeSeen {
  readonly uid: string;
  /** As the device has it: by the clock of the wall; absent when there never was a handshake. */
  readonly lastHandshakeMs: number | undefined;
}

/**
 * How long ago peers were heard. Handshakes bear the time of the wall, which may step: what this process saw come, or
 * stay, it counts with a clock that does not.
 */
export class HandshakeAges {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  #heard = new Map<string, Heard>();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** Milliseconds; infinite when there never was a handshake. */
  ageMs({ uid, lastHandshakeMs }: HandshakeSeen): number {
    if (lastHandshakeMs === undefined) return Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonic();
    const known = this.#heard.get(uid);
    if (known?.lastHandshakeMs === lastHandshakeMs) return known.ageMs + nowMs - known.seenMs;
    const isNew = known !== undefined && lastHandshakeMs > known.lastHandshakeMs;
    const ageMs = isNew ? 0 : Math.max(0, this.#clock.now() - lastHandshakeMs);
    this.#heard.set(uid, { lastHandshakeMs, ageMs, seenMs: nowMs });
    return ageMs;
  }

  /** Forgets all but these peers. */
  retain(uids: ReadonlySet<string>): void {
    this.#heard = new Map([...this.#heard].filter(([uid]) => uids.has(uid)));
  }
}
