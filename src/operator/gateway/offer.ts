import type { GatewaySpec } from '../../api/v1alpha1/gateway.ts';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { GatewayDecision } from '../../mesh/gateway-status.ts';
import { parsePrefix } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';

type Fields = 'mtu' | 'routes' | 'allowedPeerRoutes' | 'masquerade' | 'peerTraffic';

/** The part of a decision that is the same wherever the gateway runs. */
export type Offer = Pick<GatewayDecision, Fields>;

/** Read from a spec or from a status, which records what was decided. */
export function offerIn(source: Pick<GatewaySpec, Fields>): Offer {
  const { mtu, routes, allowedPeerRoutes, masquerade, peerTraffic } = source;
  return {
    ...(mtu !== undefined && { mtu }),
    routes: prefixes(routes),
    allowedPeerRoutes: prefixes(allowedPeerRoutes),
    masquerade: masquerade ?? 'Enabled',
    peerTraffic: peerTraffic ?? 'Isolated',
  };
}

/** A decision in force with another offer. */
export function withOffer({ mtu: _, ...decision }: GatewayDecision, offer: Offer): GatewayDecision {
  return { ...decision, ...offer };
}

/** As an entry of a NodeConfig says it: only what differs from the default, so that a plain gateway's stays as it was. */
export function configuredOffer(offer: Offer): Partial<ConfiguredGateway> {
  const { mtu, routes, allowedPeerRoutes, masquerade, peerTraffic } = offer;
  return {
    ...(mtu !== undefined && { mtu }),
    ...(routes.length > 0 && { routes: [...routes] }),
    ...(allowedPeerRoutes.length > 0 && { allowedPeerRoutes: [...allowedPeerRoutes] }),
    ...(masquerade !== 'Enabled' && { masquerade }),
    ...(peerTraffic !== 'Isolated' && { peerTraffic }),
  };
}

function prefixes(texts: readonly string[] | undefined): Prefix[] {
  return (texts ?? []).map(parsePrefix).filter((prefix) => prefix !== undefined);
}
