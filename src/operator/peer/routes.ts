import { checkRoutes } from '../../mesh/checks/routes.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { NetworkClaims } from '../world/network-claims.ts';
import { allowanceOf } from '../world/network-claims.ts';
import type { GatewayView, PeerView } from '../world/views.ts';

export interface RouteDeps {
  readonly networks: NetworkClaims;
}

export interface PeerRoutes {
  /** What the decision is to have, sorted: all that the spec asks for, or, with problems, what stays of it. */
  readonly routes: readonly Prefix[];
  /** What stays of the decision in force when the peer is refused for another reason, or cannot be read. Sorted. */
  readonly kept: readonly Prefix[];
  /**
   * RouteNotAllowed, RouteOverlap or ClusterOverlap, which stop the peer. GatewayNotReady, when the gateway's spec allows
   * the route and its status does not yet, goes away by itself; it matters only when it is the only code.
   */
  readonly problems: readonly Problem[];
}

/**
 * The networks behind a peer. What it is given here counts as granted for everybody else until the reconcile that asked
 * is over (`NetworkClaims.settle`), so that decisions made at the same time do not give one network to two.
 */
export function routesOf(peer: PeerView, gateway: GatewayView, { networks }: RouteDeps): PeerRoutes {
  const granted = peer.status.routes ?? [];
  // of one that cannot be read nothing is known to be given up
  const asked = peer.spec ? (peer.spec.routes ?? []) : granted;
  if (asked.length === 0) return NONE;
  const checked = checkRoutes({
    self: peer,
    routes: asked,
    granted,
    gateway: { name: gateway.name, allowance: allowanceOf(gateway) },
    clusterNetworkOn: (network) => networks.cluster.on(network),
    claimsOn: (network) => networks.claimsOn(network),
  });
  networks.decide(peer, checked.routes);
  return checked;
}

const NONE: PeerRoutes = { routes: [], kept: [], problems: [] };
