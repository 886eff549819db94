import { familyOf, parseAddress } from '../ip/address.ts';
import { contains } from '../ip/prefix.ts';
import type { Prefix } from '../model.ts';
import type { Problem } from '../problem.ts';
import { SPECIAL_NETWORKS } from './special-networks.ts';

/** What a peer is reached through, so that it cannot be reached there. */
export interface EndpointBounds {
  /** Of the gateway. */
  readonly pools: readonly Prefix[];
  /** Of the peer itself. */
  readonly routes: readonly Prefix[];
}

const PATH = 'spec.endpoint.host';

/**
 * Why a gateway cannot dial this host. A name passes: what it resolves to is looked at by who resolves it, with
 * `allowedAddresses`.
 */
export function checkEndpoint(host: string, bounds: EndpointBounds): Problem | undefined {
  if (parseAddress(host) === undefined) return undefined;
  const why = whyNot(host, bounds);
  return why === undefined ? undefined : notAllowed(`${host} ${why}`);
}

export interface AllowedAddresses {
  /** In the order in which they were given. */
  readonly addresses: readonly string[];
  /** Why there is none though there were some. */
  readonly problem?: Problem;
}

/** Which of the addresses of a host a gateway can dial. */
export function allowedAddresses(host: string, found: readonly string[], bounds: EndpointBounds): AllowedAddresses {
  const addresses = found.filter((address) => whyNot(address, bounds) === undefined);
  const [first] = found;
  if (addresses.length > 0 || first === undefined) return { addresses };
  const what = first === host ? host : `${host} has the address ${first}, which`;
  return { addresses, problem: notAllowed(`${what} ${whyNot(first, bounds)}`) };
}

const SPECIAL = {
  4: SPECIAL_NETWORKS.filter(({ prefix }) => familyOf(prefix) === 4),
  6: SPECIAL_NETWORKS.filter(({ prefix }) => familyOf(prefix) === 6),
};

/** As the end of a sentence about the address. */
function whyNot(text: string, { pools, routes }: EndpointBounds): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return 'is no address that can be dialled';
  const special = SPECIAL[familyOf(address)].find(({ prefix }) => contains(prefix, address));
  if (special !== undefined) return `lies in ${special.prefix}, ${special.what}`;
  const pool = pools.find((network) => contains(network, address));
  if (pool !== undefined) return `lies in ${pool}, a pool of the gateway, which is only reached through the tunnel`;
  const route = routes.find((network) => contains(network, address));
  if (route !== undefined) return `lies in ${route}, a route of the peer, which is only reached through the tunnel`;
  return undefined;
}

function notAllowed(what: string): Problem {
  const message = `${PATH} ${what}; give the address at which the remote machine is reached from the node.`;
  return { code: 'EndpointNotAllowed', message, path: PATH };
}
