import type { DeviceRules } from '../../src/dataplane/port.ts';
import { contains } from '../../src/mesh/ip/prefix.ts';
import type { Address, Prefix } from '../../src/mesh/model.ts';
import { GATEWAYS } from './reachability-addresses.ts';
import { PROBES, addressOf, type Probe } from './reachability-probes.ts';

/** What decides about the cells of the table for the gateway `edge`. */
export interface GatewayState extends Pick<DeviceRules, 'pools' | 'peerTraffic' | 'routes' | 'peerRoutes'> {
  /** Pools of other gateways on the node. */
  readonly foreignPools: readonly Prefix[];
}

const [{ rules: edge }, { rules: lobby }] = GATEWAYS;

/** When nothing is changed. */
export const AS_MADE: GatewayState = { ...edge, foreignPools: lobby.pools };

/** All, but that a host can spoof only addresses that are of somebody. */
export function probesFor({ pools, peerRoutes, foreignPools }: GatewayState): readonly Probe[] {
  const taken = [...pools, ...peerRoutes, ...foreignPools];
  return PROBES.filter((probe) => {
    const from = addressOf(probe.from, probe.family) as Address;
    return probe.source !== 'spoofingHost' || taken.some((network) => contains(network, from));
  });
}

/** As the table says, but that without routes there is nobody in them. */
export function isReached({ source, destination, verdict }: Probe, state: GatewayState): boolean {
  const ends = [source, destination];
  if (state.routes.length === 0 && ends.includes('routeHost')) return false;
  if (state.peerRoutes.length === 0 && ends.includes('siteHost')) return false;
  return verdict === 'Always' || (verdict === 'Open' && state.peerTraffic === 'Open');
}
