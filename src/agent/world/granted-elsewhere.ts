import { parsePrefixes } from '../../mesh/accept-peers-bounds.ts';
import { overlaps } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { GatewayWorld } from './node-world.ts';
import type { PeerView } from './views.ts';

/** Whether a peer of another gateway of this node was granted something of a network. */
export function isGrantedElsewhere(route: Prefix, own: GatewayWorld, all: readonly GatewayWorld[]): boolean {
  return all.some(({ device, peers }) => device !== own.device && peers.list().some((peer) => isGranted(route, peer)));
}

function isGranted(route: Prefix, { state, granted }: PeerView): boolean {
  const routes = granted?.routes ?? [];
  if (routes.length === 0 || state === 'Disabled') return false;
  return parsePrefixes(routes).some((theirs) => overlaps(theirs, route));
}
