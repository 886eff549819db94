import type { Acceptance } from '../../mesh/accept-peers.ts';
import type { Prefix } from '../../mesh/model.ts';

/** How long a route stays that has left the status of its peer: the status of the one that gets it may be on its way. */
const GRACE_MS = 1_000;

type RoutesByUid = ReadonlyMap<string, readonly Prefix[]>;

/**
 * Since when routes of a device are leaving. Only those that were decided once in the lifetime of this process get a
 * grace: what somebody else gave to a peer does not become a route of the node for a second.
 */
export class RouteGrace {
  /** By uid; undefined: it was in the status at the last look. */
  #known = new Map<string, ReadonlyMap<Prefix, number | undefined>>();

  /** Which of the leaving routes may stay. Times are of a monotonic clock. */
  lingering(leaving: RoutesByUid, nowMs: number): ReadonlyMap<string, ReadonlySet<Prefix>> {
    const staying = [...leaving].map(([uid, routes]) => {
      const known = this.#known.get(uid);
      const isYoung = (route: Prefix) => nowMs - (known?.get(route) ?? nowMs) < GRACE_MS;
      return [uid, new Set(routes.filter((route) => known?.has(route) === true && isYoung(route)))] as const;
    });
    return new Map(staying.filter(([, routes]) => routes.size > 0));
  }

  /** What the look has led to. Returns in how many milliseconds the next grace ends; undefined when there is none. */
  remember(accepted: ReadonlyMap<string, Acceptance>, leaving: RoutesByUid, nowMs: number): number | undefined {
    const before = this.#known;
    this.#known = new Map();
    let first: number | undefined;
    for (const [uid, { peer }] of accepted) {
      if (peer === undefined || peer.routes.length === 0) continue;
      const left = new Set(leaving.get(uid));
      const since = (route: Prefix) => (left.has(route) ? (before.get(uid)?.get(route) ?? nowMs) : undefined);
      const times = new Map(peer.routes.map((route) => [route, since(route)]));
      this.#known.set(uid, times);
      for (const time of times.values()) if (time !== undefined) first = Math.min(first ?? time, time);
    }
    return first === undefined ? undefined : Math.max(0, first + GRACE_MS - nowMs);
  }
}
