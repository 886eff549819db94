import type { ConfiguredGateway } from '../api/v1alpha1/node-config.ts';
import { SPECIAL_NETWORKS } from './checks/special-networks.ts';
import { familyOf } from './ip/address.ts';
import type { Family } from './ip/address.ts';
import { contains, lengthOf, overlaps, parsePrefix } from './ip/prefix.ts';
import type { Address, Prefix } from './model.ts';

/** The part of a configured gateway that bounds what its peers may have. */
export type ConfiguredBounds = Pick<ConfiguredGateway, 'publicKey' | 'addresses' | 'pools' | 'allowedPeerRoutes'>;

/** The same, parsed once. */
export interface Bounds {
  readonly publicKey: string;
  /** The gateway's own addresses. */
  readonly own: ReadonlySet<string>;
  readonly pools: readonly Prefix[];
  readonly allowance: readonly Prefix[];
  /** What no route may touch, by family. */
  readonly reserved: Readonly<Record<Family, readonly Prefix[]>>;
}

export function boundsOf({ publicKey, addresses, pools, allowedPeerRoutes }: ConfiguredBounds): Bounds {
  const networks = parsePrefixes(pools);
  const reserved = [...networks, ...SPECIAL_NETWORKS.map(({ prefix }) => prefix)];
  return {
    publicKey,
    own: new Set(addresses),
    pools: networks,
    allowance: parsePrefixes(allowedPeerRoutes ?? []),
    reserved: {
      4: reserved.filter((each) => familyOf(each) === 4),
      6: reserved.filter((each) => familyOf(each) === 6),
    },
  };
}

/** What is wrong with an address for a peer, as the end of a sentence. */
export function wrongAddress(address: Address, { own, pools }: Bounds): string | undefined {
  if (own.has(address)) return `has ${address}, which is the gateway's own address`;
  if (!pools.some((pool) => contains(pool, address))) {
    return `has ${address}, which lies outside the pools ${pools.join(', ')}`;
  }
  return undefined;
}

/** Whether a peer of the gateway may have this network behind it, whatever its spec says. */
export function isAllowedRoute(route: Prefix, { allowance, reserved }: Bounds): boolean {
  if (lengthOf(route) === 0 || !isInside(route, allowance)) return false;
  return !reserved[familyOf(route)].some((network) => overlaps(network, route));
}

export function isInside(network: Prefix | Address, some: readonly Prefix[]): boolean {
  return some.some((outer) => contains(outer, network));
}

/** Those that are canonical. */
export function parsePrefixes(texts: readonly string[]): Prefix[] {
  return texts.flatMap((text) => parsePrefix(text) ?? []);
}
