import type { PeersToAccept, PeerToAccept } from './accept-peers.ts';
import { boundsOf, isAllowedRoute, isInside, parsePrefixes } from './accept-peers-bounds.ts';
import type { Bounds } from './accept-peers-bounds.ts';
import { heldRoutes } from './accept-peers-held.ts';
import type { OnDevice } from './accept-peers-held.ts';
import { NetworkIndex } from './checks/network-index.ts';
import { sortPrefixes } from './ip/prefix.ts';
import type { Prefix, PublicKey } from './model.ts';
import type { Problem } from './problem.ts';

/** The routes that one peer should have, before others are looked at. */
export interface RouteWishes {
  readonly peer: PeerToAccept;
  /** Granted and still asked for. */
  readonly firm: readonly Prefix[];
  /** On the device without that; they yield to the firm wish of any other peer. */
  readonly yielding: readonly Prefix[];
  /** Those of `firm` that the device has under the key of the peer. */
  readonly held: ReadonlySet<Prefix>;
  readonly problem: Problem | undefined;
}

export interface RouteSources {
  readonly peer: PeerToAccept;
  /** The key under which the peer is to be on the device. */
  readonly publicKey: PublicKey;
  /** The device keeps what it has of the peer; what was granted is not believed. */
  readonly isHeld: boolean;
  readonly bounds: Bounds;
  readonly current: OnDevice;
  readonly lingering: ReadonlySet<Prefix>;
}

/**
 * | the spec asks for it | the status has it | allowed | on the device           | problem     |
 * |----------------------|-------------------|---------|-------------------------|-------------|
 * | yes                  | yes               | yes     | yes                     |             |
 * | yes                  | no                | -       | no                      |             |
 * | no, not decided yet  | yes               | yes     | as it is, it may go     |             |
 * | no, decided          | yes               | -       | no                      | PeerRefused |
 * | no                   | not any more      | yes     | for a moment, it may go |             |
 * | -                    | yes               | no      | no                      | PeerRefused, once decided |
 * | cannot be read       | -                 | yes     | as it is                |             |
 *
 * Of a peer whose key or addresses are not believed nothing is added.
 */
export function routeWishes(sources: RouteSources): RouteWishes {
  const { peer, publicKey, isHeld, bounds, current, lingering } = sources;
  const there = heldRoutes(publicKey, bounds, current);
  if (there.length === 0 && (peer.granted?.routes.length ?? 0) === 0) return { peer, ...NONE };
  const isAllowed = memoized((route) => isAllowedRoute(route, bounds));
  const onDevice = there.filter(isAllowed);
  const held = new Set(onDevice);
  if (peer.invalid !== undefined) return { peer, firm: onDevice, yielding: [], held, problem: undefined };
  const asked = parsePrefixes(peer.routes);
  const granted = parsePrefixes(peer.granted?.routes ?? []);
  const common = inBoth(asked, granted).filter(isAllowed);
  const firm = isHeld ? common.filter((route) => held.has(route)) : common;
  const stays = (route: Prefix) => lingering.has(route) || (!peer.decided && isInside(route, granted));
  const yielding = onDevice.filter((route) => !firm.includes(route) && stays(route));
  return {
    peer,
    firm,
    yielding,
    held,
    problem: peer.decided ? outOfBounds({ peer, asked, granted, isAllowed }) : undefined,
  };
}

export interface GivenRoutes {
  /** Sorted. */
  readonly routes: readonly Prefix[];
  readonly problem?: Problem;
}

/**
 * Who gets which route, by uid: no two peers ever have networks that overlap. What several wish firmly goes to whom the
 * device has it with, else to the older one. Whoever yields gives no reason.
 */
export function assignRoutes(all: readonly RouteWishes[]): ReadonlyMap<string, GivenRoutes> {
  const wishes = all.filter(
    ({ firm, yielding, problem }) => firm.length + yielding.length > 0 || problem !== undefined,
  );
  const taken = new NetworkIndex<string>();
  const routes = new Map(wishes.map(({ peer }) => [peer.uid, new Set<Prefix>()]));
  const problems = new Map(wishes.map(({ peer, problem }) => [peer.uid, problem]));
  const take = ({ uid, route }: Wish): boolean => {
    if ([...taken.overlapping(route)].some((holder) => holder !== uid)) return false;
    taken.add(route, uid);
    routes.get(uid)?.add(route);
    return true;
  };
  for (const wish of firmWishes(wishes)) {
    if (take(wish)) continue;
    problems.set(wish.uid, problems.get(wish.uid) ?? refused(`${wish.route}, which overlaps a route of another peer`));
  }
  for (const { peer, yielding } of wishes) for (const route of yielding) take({ uid: peer.uid, route });
  return new Map(
    [...routes].map(([uid, given]) => {
      const problem = problems.get(uid);
      return [uid, { routes: sortPrefixes(given), ...(problem && { problem }) }];
    }),
  );
}

/**
 * By uid, what the device has as a route of an enabled peer and its status has not, though the gateway allows it: what
 * may stay for a moment, until it is seen whether another peer gets it.
 */
export function leavingRoutes({ configured, peers, current }: PeersToAccept): ReadonlyMap<string, readonly Prefix[]> {
  const bounds = boundsOf(configured);
  const leaving = new Map<string, readonly Prefix[]>();
  if (bounds.allowance.length === 0) return leaving;
  for (const { uid, state, granted } of peers) {
    if (state === 'Disabled' || granted === undefined) continue;
    const there = heldRoutes(granted.publicKey as PublicKey, bounds, current);
    if (there.length === 0) continue;
    const kept = parsePrefixes(granted.routes);
    const left = there.filter((route) => !isInside(route, kept) && isAllowedRoute(route, bounds));
    if (left.length > 0) leaving.set(uid, left);
  }
  return leaving;
}

interface Wish {
  readonly uid: string;
  readonly route: Prefix;
}

const NONE = { firm: [], yielding: [], held: new Set<Prefix>(), problem: undefined };

function firmWishes(wishes: readonly RouteWishes[]): Wish[] {
  const all = wishes.flatMap(({ peer, firm, held }) =>
    firm.map((route) => ({
      uid: peer.uid,
      route,
      rank: `${held.has(route) ? 0 : 1}/${peer.creationTimestamp}/${peer.uid}`,
    })),
  );
  return all.toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
}

/** Networks that lie in both, each whole. */
function inBoth(some: readonly Prefix[], others: readonly Prefix[]): Prefix[] {
  return [...new Set([...some, ...others])].filter((route) => isInside(route, some) && isInside(route, others));
}

interface Decided {
  readonly peer: PeerToAccept;
  readonly asked: readonly Prefix[];
  readonly granted: readonly Prefix[];
  readonly isAllowed: (route: Prefix) => boolean;
}

function outOfBounds({ peer, asked, granted, isAllowed }: Decided): Problem | undefined {
  const texts = peer.granted?.routes ?? [];
  const bad = texts.length === granted.length ? undefined : texts.find((text) => !granted.includes(text as Prefix));
  if (bad !== undefined) return refused(`${bad}, which is no canonical network`);
  const unasked = granted.find((route) => !isInside(route, asked));
  if (unasked !== undefined) return refused(`${unasked}, which spec.routes does not have`);
  const outside = granted.find((route) => !isAllowed(route));
  if (outside !== undefined) return refused(`${outside}, which lies outside what the gateway allows its peers`);
  return undefined;
}

function memoized(decide: (route: Prefix) => boolean): (route: Prefix) => boolean {
  const known = new Map<Prefix, boolean>();
  return (route) => {
    const answer = known.get(route) ?? decide(route);
    known.set(route, answer);
    return answer;
  };
}

function refused(what: string): Problem {
  return { code: 'PeerRefused', message: `The status has the route ${what}; the agent programs the peer without it.` };
}
