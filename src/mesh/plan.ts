import type {
  CurrentDevice,
  CurrentPeer,
  DesiredDevice,
  DesiredPeer,
  DevicePlan,
  Operation,
  Prefix,
  PublicKey,
} from './model.ts';

/**
 * The operations that turn current into desired, one peer at a time, in an order in which every step is safe:
 *
 *   what leaves a peer -> what moves to another -> link -> key -> port -> addresses -> what else comes to a peer -> up
 *   -> routes
 *
 * - What is revoked goes first: a port or an address that the system refuses must not keep it on the device.
 * - An AllowedIP leaves its old peer before the new one gets it: WireGuard would move it silently, and not give it
 *   back when the new peer goes. Nothing but operations on peers stands between, so that both are one transaction and
 *   the kernel's route, which leads to the device, stays as it is.
 * - An unchanged peer appears in no operation, and an endpoint is set only when one is desired: a session or a roamed
 *   address is never lost.
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
  const [moves, others] = additions(peers, desired.peers);
  return [
    ...removals(peers, desired.peers),
    ...moves,
    ...linkOperations(current, desired),
    ...addressOperations(current?.addresses ?? [], desired.addresses),
    ...others,
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

/** Those for peers that get an AllowedIP of another one, and the others. */
function additions(current: Peers<CurrentPeer>, desired: DesiredDevice['peers']): [Operation[], Operation[]] {
  const held = new Set([...current.values()].flatMap(({ allowedIPs }) => allowedIPs));
  const moves: Operation[] = [];
  const others: Operation[] = [];
  for (const peer of sorted(desired)) {
    const known = current.get(peer.publicKey);
    const allowedIPs = missing(peer.allowedIPs, known?.allowedIPs ?? []);
    const receiver = allowedIPs.some((prefix) => held.has(prefix));
    (receiver ? moves : others).push(...addition({ peer, known, allowedIPs }));
  }
  return [moves, others];
}

interface Addition {
  readonly peer: DesiredPeer;
  readonly known: CurrentPeer | undefined;
  /** What the peer lacks. */
  readonly allowedIPs: readonly Prefix[];
}

function* addition({ peer, known, allowedIPs }: Addition): Generator<Operation> {
  if (known === undefined) {
    yield { type: 'AddPeer', peer: { ...peer, allowedIPs } };
    return;
  }
  const { publicKey, presharedKey = 'none', endpoint, persistentKeepaliveSeconds } = peer;
  if (presharedKey !== (known.presharedKey ?? 'none')) yield { type: 'SetPresharedKey', publicKey, presharedKey };
  if (endpoint !== undefined && endpoint !== known.endpoint) yield { type: 'SetEndpoint', publicKey, endpoint };
  if (persistentKeepaliveSeconds !== known.persistentKeepaliveSeconds)
    yield { type: 'SetKeepalive', publicKey, persistentKeepaliveSeconds };
  if (allowedIPs.length > 0) yield { type: 'AddAllowedIPs', publicKey, allowedIPs };
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
