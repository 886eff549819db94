import type { PeerToAccept } from './accept-peers.ts';
import { isInside, parsePrefixes, wrongAddress } from './accept-peers-bounds.ts';
import type { Bounds } from './accept-peers-bounds.ts';
import { addressOf, hostPrefix, overlaps } from './ip/prefix.ts';
import type { Address, CurrentPeer, Prefix, PublicKey } from './model.ts';

/** A peer without its routes. */
export interface KeyAndAddresses {
  readonly publicKey: PublicKey;
  readonly addresses: readonly Address[];
}

export type OnDevice = ReadonlyMap<PublicKey, CurrentPeer>;

/** Whether the device has the key with at least one of the addresses. */
export function isOnDevice({ publicKey, addresses }: KeyAndAddresses, current: OnDevice): boolean {
  const allowed = new Set(current.get(publicKey)?.allowedIPs);
  return addresses.some((address) => allowed.has(hostPrefix(address)));
}

/** The addresses that the device has under a key of this peer, unless they go beyond the pools of the gateway. */
export function heldPeer(peer: PeerToAccept, bounds: Bounds, current: OnDevice): KeyAndAddresses | undefined {
  const asGranted = onDevice(peer.granted?.publicKey, current);
  const asAsked = onDevice(peer.publicKey, current);
  // A key that the peer only asks for may be another one's on the device, or of one that is gone.
  const found = asGranted ?? (asAsked !== undefined && isOwn(asAsked, peer) ? asAsked : undefined);
  if (found === undefined) return undefined;
  const addresses: Address[] = [];
  for (const prefix of inPools(found, bounds)) {
    const address = addressOf(prefix);
    if (address === undefined || wrongAddress(address, bounds) !== undefined) return undefined;
    addresses.push(address);
  }
  return addresses.length === 0 ? undefined : { publicKey: found.publicKey, addresses };
}

/** What the device lets a key have besides addresses: networks that touch no pool. */
export function heldRoutes(publicKey: PublicKey, bounds: Bounds, current: OnDevice): Prefix[] {
  const peer = current.get(publicKey);
  return (peer?.allowedIPs ?? []).filter((prefix) => !touchesPool(prefix, bounds));
}

function inPools({ allowedIPs }: CurrentPeer, bounds: Bounds): Prefix[] {
  return allowedIPs.filter((prefix) => touchesPool(prefix, bounds));
}

function touchesPool(prefix: Prefix, { pools }: Bounds): boolean {
  return pools.some((pool) => overlaps(pool, prefix));
}

/** Whether all that the device has under the key was granted to this peer. */
function isOwn({ allowedIPs }: CurrentPeer, { granted }: PeerToAccept): boolean {
  const addresses = new Set<string>(granted?.addresses);
  const routes = parsePrefixes(granted?.routes ?? []);
  return allowedIPs.every((prefix) => addresses.has(addressOf(prefix) ?? '') || isInside(prefix, routes));
}

function onDevice(publicKey: string | undefined, current: OnDevice): CurrentPeer | undefined {
  return publicKey === undefined ? undefined : current.get(publicKey as PublicKey);
}
