import { boundsOf } from './accept-peers-bounds.ts';
import type { Bounds, ConfiguredBounds } from './accept-peers-bounds.ts';
import { checkGranted } from './accept-peers-granted.ts';
import { heldPeer, isOnDevice } from './accept-peers-held.ts';
import type { KeyAndAddresses, OnDevice } from './accept-peers-held.ts';
import { assignRoutes, routeWishes } from './accept-peers-routes.ts';
import type { GivenRoutes } from './accept-peers-routes.ts';
import type { AcceptedPeer } from './device.ts';
import type { Prefix } from './model.ts';
import type { Problem } from './problem.ts';

/** A peer as its object says it is; nothing in it is trusted yet. */
export interface PeerToAccept {
  readonly uid: string;
  readonly creationTimestamp: string;
  readonly state: 'Enabled' | 'Disabled';
  /** `spec.publicKey`; absent: the operator makes one. */
  readonly publicKey?: string;
  /** `spec.routes`. */
  readonly routes: readonly string[];
  /** From the status: the last decision of the operator. Absent before the first. */
  readonly granted?: Granted;
  /** Whether that decision is about this very spec and accepts it, so that a difference is no pending edit. */
  readonly decided: boolean;
  /** Why the object cannot be read. */
  readonly invalid?: Problem;
}

/** What the operator decided about a peer, as its status has it. */
export interface Granted {
  readonly publicKey: string;
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly presharedKey: 'None' | 'Derived';
}

export interface Acceptance {
  /** What the device should have of it; absent: nothing. */
  readonly peer?: AcceptedPeer;
  /** Why the decision of the operator is not what the device has. */
  readonly problem?: Problem;
}

export interface PeersToAccept {
  readonly configured: ConfiguredBounds;
  readonly peers: readonly PeerToAccept[];
  /** What is on the device. */
  readonly current: OnDevice;
  /** By uid: routes that have left the status and stay on the device for a moment longer. */
  readonly lingering?: ReadonlyMap<string, ReadonlySet<Prefix>>;
}

/**
 * Which peers belong on a device, by uid. A status is written by the operator, but not believed blindly:
 *
 * | spec and status                                            | on the device                | problem     |
 * |------------------------------------------------------------|------------------------------|-------------|
 * | Disabled                                                   | no                           |             |
 * | no key or no address granted                               | no                           |             |
 * | granted key is the spec's, or the spec has none; addresses in the pools, one each | as granted |        |
 * | spec has another key, not decided yet                      | as it is, if that is harmless|             |
 * | spec has another key, decided                              | as it is, if that is harmless| PeerRefused |
 * | address outside the pools, a gateway's, two of a family    | as it is, if that is harmless| PeerRefused |
 * | key unusable or the gateway's own                          | as it is, if that is harmless| PeerRefused |
 * | key or address of another peer (the device's, else older)  | as it is, if that is harmless| PeerRefused |
 *
 * What becomes of its routes says `assignRoutes`.
 */
export function acceptPeers({ configured, peers, current, lingering }: PeersToAccept): ReadonlyMap<string, Acceptance> {
  const bounds = boundsOf(configured);
  const claims = peers.map((peer) => claimOf(peer, bounds, current)).toSorted(byPrecedence);
  const chosen = settle(claims);
  const wishes = chosen.flatMap(({ peer, on, isHeld }) => {
    if (on === undefined) return [];
    const { publicKey } = on;
    const mayLinger = lingering?.get(peer.uid) ?? new Set();
    return [routeWishes({ peer, publicKey, isHeld, bounds, current, lingering: mayLinger })];
  });
  const routes = assignRoutes(wishes);
  return new Map(chosen.map((each) => [each.peer.uid, acceptance(each, routes.get(each.peer.uid))]));
}

/** What one peer should have on the device, before others are looked at. */
interface Claim {
  readonly peer: PeerToAccept;
  readonly wanted: KeyAndAddresses | undefined;
  /** What the device has of this peer now, if it is harmless. */
  readonly held: KeyAndAddresses | undefined;
  readonly isOnDevice: boolean;
  readonly problem: Problem | undefined;
}

interface Chosen {
  readonly peer: PeerToAccept;
  readonly on: KeyAndAddresses | undefined;
  /** It is what the device has, and not what was granted. */
  readonly isHeld: boolean;
  readonly problem: Problem | undefined;
}

function claimOf(peer: PeerToAccept, bounds: Bounds, current: OnDevice): Claim {
  const nothing = { peer, wanted: undefined, held: undefined, isOnDevice: false, problem: undefined };
  if (peer.state === 'Disabled') return nothing;
  const held = heldPeer(peer, bounds, current);
  if (peer.invalid !== undefined) return { ...nothing, ...holding(held), problem: peer.invalid };
  if (peer.granted === undefined || peer.granted.addresses.length === 0) return nothing;
  const checked = checkGranted(peer.publicKey, peer.granted, bounds);
  if (typeof checked === 'string') {
    const isPendingEdit = !peer.decided && peer.publicKey !== undefined && peer.granted.publicKey !== peer.publicKey;
    return { ...nothing, ...holding(held), problem: isPendingEdit ? undefined : refused(checked) };
  }
  return { peer, wanted: checked, held, isOnDevice: isOnDevice(checked, current), problem: undefined };
}

function holding(held: KeyAndAddresses | undefined) {
  return { wanted: held, held, isOnDevice: held !== undefined };
}

/** No key and no address twice: who comes first in the order of the claims has it. */
function settle(claims: readonly Claim[]): Chosen[] {
  const taken = new Set<string>();
  const chosen: Chosen[] = [];
  const losers: Claim[] = [];
  for (const claim of claims) {
    const { peer, wanted, held, problem } = claim;
    if (wanted === undefined || take(wanted, taken))
      chosen.push({ peer, on: wanted, isHeld: wanted === held, problem });
    else losers.push(claim);
  }
  for (const { peer, held } of losers) {
    const on = held !== undefined && take(held, taken) ? held : undefined;
    const problem = refused('has the public key or an address of another peer of the gateway');
    chosen.push({ peer, on, isHeld: true, problem });
  }
  return chosen;
}

function acceptance({ peer, on, isHeld, problem }: Chosen, given: GivenRoutes | undefined): Acceptance {
  const presharedKey = isHeld ? 'Kept' : (peer.granted?.presharedKey ?? 'None');
  const why = problem ?? given?.problem;
  return {
    ...(on && { peer: { ...on, routes: given?.routes ?? [], presharedKey } }),
    ...(why && { problem: why }),
  };
}

function byPrecedence(a: Claim, b: Claim): number {
  if (a.isOnDevice !== b.isOnDevice) return a.isOnDevice ? -1 : 1;
  const [left, right] = [a, b].map(({ peer }) => `${peer.creationTimestamp}/${peer.uid}`);
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

/** Takes key and addresses together, or nothing. */
function take({ publicKey, addresses }: KeyAndAddresses, taken: Set<string>): boolean {
  const things = [publicKey, ...addresses];
  if (things.some((thing) => taken.has(thing))) return false;
  for (const thing of things) taken.add(thing);
  return true;
}

function refused(what: string): Problem {
  return {
    code: 'PeerRefused',
    message: `The status ${what}; the agent programs no such thing, and keeps what the device has.`,
  };
}
