import type { Pool } from '../api/v1alpha1/gateway.ts';
import { addressFrom, familyOf, numberOf, parseAddress } from './ip/address.ts';
import type { Family } from './ip/address.ts';
import { contains, lastAddress, lengthOf, networkAddress, overlaps, parsePrefix, prefixOf } from './ip/prefix.ts';
import { BITS } from './ip/words.ts';
import type { Address, Prefix } from './model.ts';

/** A pool of a gateway with everything that decides which of its addresses a peer may have. */
export interface PoolSpace {
  readonly cidr: Prefix;
  readonly gatewayAddress: Address;
  /** Handed out only on explicit request. */
  readonly reserved: readonly Prefix[];
}

/** Pool sizes that can be told apart from a typing error and kept in blocks: v4 /8 to /30, v6 /48 to /126. */
export const POOL_LENGTHS = { 4: { min: 8, max: 30 }, 6: { min: 48, max: 126 } } as const;

/** IPv6 addresses that are given automatically: the first 65,536 of a pool. */
const AUTOMATIC_LENGTH_6 = 112;

/** Reads a pool of a spec; undefined when a part is not canonical or the gateway's address is not assignable in it. */
export function parsePool(pool: Pool): PoolSpace | undefined {
  const cidr = parsePrefix(pool.cidr);
  if (cidr === undefined || !hasPoolLength(cidr)) return undefined;
  const gatewayAddress = pool.gatewayAddress === undefined ? firstUsable(cidr) : parseAddress(pool.gatewayAddress);
  if (gatewayAddress === undefined || !isUsable(cidr, gatewayAddress)) return undefined;
  const reserved = (pool.reserved ?? []).map(parsePrefix);
  return reserved.every((prefix) => prefix !== undefined) ? { cidr, gatewayAddress, reserved } : undefined;
}

export function hasPoolLength(cidr: Prefix): boolean {
  const { min, max } = POOL_LENGTHS[familyOf(cidr)];
  const length = lengthOf(cidr);
  return length >= min && length <= max;
}

/** The one after the network address: what a gateway gets that asks for none. */
function firstUsable(cidr: Prefix): Address {
  return addressFrom(familyOf(cidr), numberOf(networkAddress(cidr)) + 1n);
}

/**
 * In the pool and usable by a host: not the first address (network; in IPv6 the subnet-router anycast, RFC 4291 2.6.1)
 * and not the IPv4 broadcast.
 */
export function isUsable(cidr: Prefix, address: Address): boolean {
  if (!contains(cidr, address) || address === networkAddress(cidr)) return false;
  return familyOf(cidr) === 6 || address !== lastAddress(cidr);
}

/** Whether a peer may have this address when it asks for it. */
export function isAssignable(space: PoolSpace, address: Address): boolean {
  return address !== space.gatewayAddress && isUsable(space.cidr, address);
}

/** Whether a peer may get this address without asking. */
export function isAutomatic(space: PoolSpace, address: Address): boolean {
  if (!contains(automaticRange(space.cidr), address) || !isAssignable(space, address)) return false;
  return !space.reserved.some((prefix) => contains(prefix, address));
}

/** The network from which addresses are given without asking: the pool, or its first 65,536 addresses. */
export function automaticRange(cidr: Prefix): Prefix {
  const narrow = familyOf(cidr) === 6 && lengthOf(cidr) < AUTOMATIC_LENGTH_6;
  return narrow ? prefixOf(networkAddress(cidr), AUTOMATIC_LENGTH_6) : cidr;
}

/** How many addresses `isAutomatic` accepts. */
export function capacityOf(space: PoolSpace): number {
  const range = automaticRange(space.cidr);
  const reserved = widest(space.reserved.filter((prefix) => overlaps(prefix, range)));
  if (reserved.some((prefix) => contains(prefix, range))) return 0;
  const never = new Set([networkAddress(space.cidr), space.gatewayAddress]);
  if (familyOf(space.cidr) === 4) never.add(lastAddress(space.cidr));
  const alsoNever = [...never].filter(
    (one) => contains(range, one) && !reserved.some((prefix) => contains(prefix, one)),
  );
  return reserved.reduce((left, prefix) => left - sizeOf(prefix), sizeOf(range)) - alsoNever.length;
}

/** Drops networks that lie inside another, so that none is counted twice. */
function widest(prefixes: readonly Prefix[]): Prefix[] {
  const distinct = [...new Set(prefixes)];
  return distinct.filter((prefix) => !distinct.some((other) => other !== prefix && contains(other, prefix)));
}

function sizeOf(prefix: Prefix): number {
  const family: Family = familyOf(prefix);
  return 2 ** (BITS[family] - lengthOf(prefix));
}
