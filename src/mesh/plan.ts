import type { CurrentDevice, CurrentPeer, DesiredDevice, DevicePlan, Operation, Prefix, PublicKey } from './model.ts';

/**
 * The operations that turn current into desired, one peer at a time, in an order in which every step is safe:
 *
 *   what leaves a peer -> link -> key -> port -> addresses -> what comes to a peer -> up -> routes
 *
 * - What is revoked goes first: a port or an address that the system refuses must not keep it on the device.
 * - An AllowedIP leaves its old peer before the new one gets it: WireGuard would move it silently, and not give it
 *   back when the new peer goes.
 * - An unchanged peer appears in no operation, and none sets an endpoint: a session or a roamed address is never lost.
 * - A new address or route comes before the old one goes. Routes need the link up, so they are last.
 * - A link that carries another gateway's mark is ours but not this device: it is deleted and made anew.
 *
 * `undefined` is "no such device". `desired` gives no AllowedIP to two peers and no peer its own key.
 */
export function planDevice(current: CurrentDevice | undefined, desired: DesiredDevice | undefined): DevicePlan {
  if (desired === undefined) {
    if (current === undefined) throw new RangeError('neither a current nor a desired device to plan for');
    return { device: current.name, operations: [{ type: 'DeleteLink' }] };
  }
  if (current !== undefined && current.alias !== desired.alias) {
    return { device: desired.name, operations: [{ type: 'DeleteLink' }, ...operations(undefined, desired)] };
  }
  return { device: desired.name, operations: operations(current, desired) };
}

function operations(current: CurrentDevice | undefined, desired: DesiredDevice): Operation[] {
  const peers = current?.peers ?? new Map<PublicKey, CurrentPeer>();
  return [
    ...removals(peers, desired.peers),
    ...linkOperations(current, desired),
    ...addressOperations(current?.addresses ?? [], desired.addresses),
    ...additions(peers, desired.peers),
    ...(current?.up === true ? [] : [{ type: 'LinkUp' } as const]),
    ...routeOperations(current?.routes ?? [], desired.routes),
  ];
}

function* linkOperations(current: CurrentDevice | undefined, desired: DesiredDevice): Generator<Operation> {
  const { alias, mtu, publicKey, listenPort } = desired;
  if (current === undefined) yield { type: 'CreateLink', alias, mtu };
  else if (current.mtu !== mtu) yield { type: 'SetMtu', mtu };
  if (current?.publicKey !== publicKey) yield { type: 'SetKey', publicKey };
  if (current?.listenPort !== listenPort) yield { type: 'SetListenPort', listenPort };
}

function* addressOperations(current: readonly Prefix[], desired: readonly Prefix[]): Generator<Operation> {
  for (const address of missing(desired, current)) yield { type: 'AddAddress', address };
  for (const address of missing(current, desired)) yield { type: 'RemoveAddress', address };
}

function* routeOperations(current: readonly Prefix[], desired: readonly Prefix[]): Generator<Operation> {
  for (const prefix of missing(desired, current)) yield { type: 'AddRoute', prefix };
  for (const prefix of missing(current, desired)) yield { type: 'RemoveRoute', prefix };
}

type Peers<Peer> = ReadonlyMap<PublicKey, Peer>;

function* removals(current: Peers<CurrentPeer>, desired: DesiredDevice['peers']): Generator<Operation> {
  for (const peer of sorted(current)) {
    const { publicKey } = peer;
    const kept = desired.get(publicKey);
    const allowedIPs = missing(peer.allowedIPs, kept?.allowedIPs ?? []);
    if (kept === undefined) yield { type: 'RemovePeer', publicKey };
    else if (allowedIPs.length > 0) yield { type: 'RemoveAllowedIPs', publicKey, allowedIPs };
  }
}

function* additions(current: Peers<CurrentPeer>, desired: DesiredDevice['peers']): Generator<Operation> {
  for (const peer of sorted(desired)) {
    const { publicKey } = peer;
    const known = current.get(publicKey);
    const allowedIPs = missing(peer.allowedIPs, known?.allowedIPs ?? []);
    if (known === undefined) yield { type: 'AddPeer', peer: { publicKey, allowedIPs } };
    else if (allowedIPs.length > 0) yield { type: 'AddAllowedIPs', publicKey, allowedIPs };
  }
}

function sorted<Peer>(peers: Peers<Peer>): Peer[] {
  return [...peers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer);
}

/** What `from` has and `other` lacks, each once, sorted. */
function missing(from: readonly Prefix[], other: readonly Prefix[]): Prefix[] {
  if (from.length === 0) return [];
  const there = new Set(other);
  return [...new Set(from)].filter((prefix) => !there.has(prefix)).toSorted();
}
