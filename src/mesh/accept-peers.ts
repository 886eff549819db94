import type { ConfiguredGateway } from '../api/v1alpha1/node-config.ts';
import type { AcceptedPeer } from './device.ts';
import { familyOf, parseAddress } from './ip/address.ts';
import { addressOf, contains, hostPrefix, parsePrefix } from './ip/prefix.ts';
import { parsePublicKey } from './key.ts';
import type { Address, CurrentPeer, Prefix, PublicKey } from './model.ts';
import type { Problem } from './problem.ts';

/** A peer as its object says it is; nothing in it is trusted yet. */
export interface PeerToAccept {
  readonly uid: string;
  readonly creationTimestamp: string;
  readonly state: 'Enabled' | 'Disabled';
  /** `spec.publicKey`. */
  readonly publicKey: string;
  /** From the status: the last decision of the operator. Absent before the first. */
  readonly granted?: { readonly publicKey: string; readonly addresses: readonly string[] };
  /** Whether that decision is about this very spec and accepts it, so that a difference is no pending edit. */
  readonly decided: boolean;
  /** Why the object cannot be read. */
  readonly invalid?: Problem;
}

export interface Acceptance {
  /** What the device should have of it; absent: nothing. */
  readonly peer?: AcceptedPeer;
  /** Why the decision of the operator is not what the device has. */
  readonly problem?: Problem;
}

export interface PeersToAccept {
  readonly configured: Pick<ConfiguredGateway, 'publicKey' | 'addresses' | 'pools'>;
  readonly peers: readonly PeerToAccept[];
  /** What is on the device. */
  readonly current: ReadonlyMap<PublicKey, CurrentPeer>;
}

/**
 * Which peers belong on a device, by uid. A status is written by the operator, but not believed blindly:
 *
 * | spec and status                                            | on the device                | problem     |
 * |------------------------------------------------------------|------------------------------|-------------|
 * | Disabled                                                   | no                           |             |
 * | no key or no address granted                               | no                           |             |
 * | granted key is the spec's; addresses in the pools, one each| as granted                   |             |
 * | spec has another key, not decided yet                      | as it is, if that is harmless|             |
 * | spec has another key, decided                              | as it is, if that is harmless| PeerRefused |
 * | address outside the pools, a gateway's, two of a family    | as it is, if that is harmless| PeerRefused |
 * | key unusable or the gateway's own                          | as it is, if that is harmless| PeerRefused |
 * | key or address of another peer (the device's, else older)  | as it is, if that is harmless| PeerRefused |
 */
export function acceptPeers({ configured, peers, current }: PeersToAccept): ReadonlyMap<string, Acceptance> {
  const bounds = boundsOf(configured);
  const claims = peers.map((peer) => claimOf(peer, bounds, current)).toSorted(byPrecedence);
  const taken = new Set<string>();
  const losers: Claim[] = [];
  const result = new Map<string, Acceptance>();
  for (const claim of claims) {
    const { wanted, problem, peer } = claim;
    if (wanted === undefined || take(wanted, taken)) result.set(peer.uid, acceptance(wanted, problem));
    else losers.push(claim);
  }
  for (const { peer, held } of losers) {
    const kept = held !== undefined && take(held, taken) ? held : undefined;
    result.set(peer.uid, acceptance(kept, refused('has the public key or an address of another peer of the gateway')));
  }
  return result;
}

interface Bounds {
  readonly publicKey: string;
  readonly own: ReadonlySet<string>;
  readonly pools: readonly Prefix[];
}

interface Claim {
  readonly peer: PeerToAccept;
  readonly wanted: AcceptedPeer | undefined;
  /** What the device has of this peer now, if it is harmless. */
  readonly held: AcceptedPeer | undefined;
  readonly isOnDevice: boolean;
  readonly problem: Problem | undefined;
}

function boundsOf({ publicKey, addresses, pools }: PeersToAccept['configured']): Bounds {
  return { publicKey, own: new Set(addresses), pools: pools.flatMap((text) => parsePrefix(text) ?? []) };
}

function claimOf(peer: PeerToAccept, bounds: Bounds, current: PeersToAccept['current']): Claim {
  const nothing = { peer, wanted: undefined, held: undefined, isOnDevice: false, problem: undefined };
  if (peer.state === 'Disabled') return nothing;
  const held = heldPeer(peer, bounds, current);
  if (peer.invalid !== undefined) return { ...nothing, ...holding(held), problem: peer.invalid };
  if (peer.granted === undefined || peer.granted.addresses.length === 0) return nothing;
  const checked = checkGranted({ ...peer, granted: peer.granted }, bounds);
  if (typeof checked === 'string') {
    const isPendingEdit = !peer.decided && peer.granted.publicKey !== peer.publicKey;
    return { ...nothing, ...holding(held), problem: isPendingEdit ? undefined : refused(checked) };
  }
  return { peer, wanted: checked, held, isOnDevice: isOn(checked, current), problem: undefined };
}

function holding(held: AcceptedPeer | undefined) {
  return { wanted: held, held, isOnDevice: held !== undefined };
}

/** The granted peer, or what is wrong with it, as the end of a sentence. */
function checkGranted(
  { publicKey, granted }: PeerToAccept & { readonly granted: NonNullable<PeerToAccept['granted']> },
  bounds: Bounds,
): AcceptedPeer | string {
  const key = parsePublicKey(granted.publicKey);
  if (key === undefined) return `has the unusable public key ${granted.publicKey}`;
  if (key === bounds.publicKey) return 'has the public key of the gateway itself';
  if (key !== publicKey) return `has public key ${key}, but spec.publicKey is ${publicKey}`;
  const addresses: Address[] = [];
  for (const text of granted.addresses) {
    const address = parseAddress(text);
    if (address === undefined) return `has ${text}, which is no canonical address`;
    const wrong = wrongWith(address, bounds);
    if (wrong !== undefined) return wrong;
    addresses.push(address);
  }
  if (new Set(addresses.map(familyOf)).size < addresses.length) {
    return `has several addresses of one family: ${addresses.join(', ')}`;
  }
  return { publicKey: key, addresses };
}

function wrongWith(address: Address, { own, pools }: Bounds): string | undefined {
  if (own.has(address)) return `has ${address}, which is the gateway's own address`;
  if (!pools.some((pool) => contains(pool, address))) {
    return `has ${address}, which lies outside the pools ${pools.join(', ')}`;
  }
  return undefined;
}

/** What the device has under a key of this peer, unless that goes beyond the gateway. */
function heldPeer(peer: PeerToAccept, bounds: Bounds, current: PeersToAccept['current']): AcceptedPeer | undefined {
  const own = new Set<string>(peer.granted?.addresses);
  const isOwn = ({ allowedIPs }: CurrentPeer) => allowedIPs.every((prefix) => own.has(addressOf(prefix) ?? ''));
  const asGranted = current.get(peer.granted?.publicKey as PublicKey);
  const asAsked = current.get(peer.publicKey as PublicKey);
  // A key that the peer only asks for may be another one's on the device, or of one that is gone.
  const found = asGranted ?? (asAsked !== undefined && isOwn(asAsked) ? asAsked : undefined);
  if (found === undefined) return undefined;
  const addresses = found.allowedIPs.map(addressOf);
  const isHarmless = addresses.every((address) => address !== undefined && wrongWith(address, bounds) === undefined);
  if (!isHarmless) return undefined;
  return { publicKey: found.publicKey, addresses: addresses.filter((address) => address !== undefined) };
}

/** Whether the device has the key with at least one of the addresses. */
function isOn({ publicKey, addresses }: AcceptedPeer, current: PeersToAccept['current']): boolean {
  const allowed = new Set(current.get(publicKey)?.allowedIPs);
  return addresses.some((address) => allowed.has(hostPrefix(address)));
}

function byPrecedence(a: Claim, b: Claim): number {
  if (a.isOnDevice !== b.isOnDevice) return a.isOnDevice ? -1 : 1;
  const [left, right] = [a, b].map(({ peer }) => `${peer.creationTimestamp}/${peer.uid}`);
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

/** Takes key and addresses together, or nothing. */
function take({ publicKey, addresses }: AcceptedPeer, taken: Set<string>): boolean {
  const things = [publicKey, ...addresses];
  if (things.some((thing) => taken.has(thing))) return false;
  for (const thing of things) taken.add(thing);
  return true;
}

function acceptance(peer: AcceptedPeer | undefined, problem: Problem | undefined): Acceptance {
  return { ...(peer && { peer }), ...(problem && { problem }) };
}

function refused(what: string): Problem {
  return {
    code: 'PeerRefused',
    message: `The status ${what}; the agent programs no such thing, and keeps what the device has.`,
  };
}
