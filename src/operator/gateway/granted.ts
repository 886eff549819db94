import type { GatewayStatus } from '../../api/v1alpha1/gateway.ts';
import { parseAddress } from '../../mesh/ip/address.ts';
import { contains, parsePrefix } from '../../mesh/ip/prefix.ts';
import { parsePublicKey } from '../../mesh/key.ts';
import type { GatewayDecision } from '../../mesh/gateway-status.ts';
import type { PoolSpace } from '../../mesh/pool.ts';
import { parsePool } from '../../mesh/pool.ts';
import type { GatewayView } from '../world/views.ts';
import { offerIn } from './offer.ts';

/** The decision that a gateway's status records: what is in force, whatever its spec says now. */
export function grantedDecision(status: GatewayStatus): GatewayDecision | undefined {
  const { nodeName, listenPort, endpoint } = status;
  const publicKey = status.publicKey === undefined ? undefined : parsePublicKey(status.publicKey);
  if (!publicKey || !nodeName || !listenPort) return undefined;
  return {
    publicKey,
    nodeName,
    listenPort,
    addresses: (status.addresses ?? []).map(parseAddress).filter((address) => address !== undefined),
    pools: (status.pools ?? []).map((pool) => parsePrefix(pool.cidr)).filter((prefix) => prefix !== undefined),
    ...offerIn(status),
    ...(endpoint && { endpoint }),
  };
}

/**
 * The pools from which a gateway's peers get addresses: those of its spec that are granted, or undefined while it has none.
 * Gateway address and reserved ranges come from the spec.
 */
export function grantedSpaces(gateway: GatewayView): readonly PoolSpace[] | undefined {
  const granted = new Set((gateway.status.pools ?? []).map((pool) => pool.cidr));
  const pools = (gateway.spec?.pools ?? []).filter((pool) => granted.has(pool.cidr));
  const spaces = pools.map(parsePool).filter((space) => space !== undefined);
  return spaces.length > 0 ? spaces : undefined;
}

/**
 * The same for a peer that has addresses already: while nothing that the spec asks for is granted, what was granted
 * before stays in force, and the peer in it. Reserved ranges of then are not known, so nobody new gets addresses of it.
 */
export function spacesInForce(gateway: GatewayView): readonly PoolSpace[] | undefined {
  const granted = grantedSpaces(gateway);
  if (granted) return granted;
  const decision = grantedDecision(gateway.status);
  const spaces = (decision?.pools ?? []).map((cidr) => {
    const gatewayAddress = decision?.addresses.find((address) => contains(cidr, address));
    return parsePool({ cidr, ...(gatewayAddress && { gatewayAddress }) });
  });
  const readable = spaces.filter((space) => space !== undefined);
  return readable.length > 0 ? readable : undefined;
}
