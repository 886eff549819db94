import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { DeviceRules } from '../../dataplane/port.ts';
import { boundsOf, isAllowedRoute, parsePrefixes } from '../../mesh/accept-peers-bounds.ts';
import { ownAddresses, poolsOf } from '../../mesh/device.ts';
import { sortPrefixes } from '../../mesh/ip/prefix.ts';
import { deviceMtu } from '../../mesh/mtu.ts';
import type { CurrentDevice, DeviceName, Prefix } from '../../mesh/model.ts';

export interface RulesParts {
  readonly mtu: number;
  /** Of the peers that are to be on the device. */
  readonly peerRoutes: Iterable<Prefix>;
}

/** What the device of a gateway lets through. Throws a RangeError for what is not in canonical form. */
export function rulesOf(name: DeviceName, configured: ConfiguredGateway, { mtu, peerRoutes }: RulesParts): DeviceRules {
  const { routes = [], masquerade = 'Enabled', peerTraffic = 'Isolated' } = configured;
  return {
    name,
    addresses: ownAddresses(configured),
    pools: poolsOf(configured),
    routes: parsePrefixes(routes),
    peerRoutes: sortPrefixes(new Set(peerRoutes)),
    masquerade,
    peerTraffic,
    mtu,
  };
}

/** What is known of a device before the first pass over it. */
export interface FoundDevice {
  readonly name: DeviceName;
  /** Absent: no gateway of this node has such a device, which is to go. */
  readonly configured: ConfiguredGateway | undefined;
  /** Absent when it cannot be read. */
  readonly device: CurrentDevice | undefined;
}

/** The same before its peers are known: what the device carries now goes on, as far as its gateway allows it. */
export function rulesOfFound({ name, configured, device }: FoundDevice): DeviceRules {
  // one that is half made has none
  const mtu = device?.mtu || deviceMtu(configured?.mtu, undefined);
  if (configured === undefined) return { name, ...CLOSED, mtu };
  const bounds = boundsOf(configured);
  const peerRoutes = (device?.routes ?? []).filter((route) => isAllowedRoute(route, bounds));
  return rulesOf(name, configured, { mtu, peerRoutes });
}

const CLOSED = {
  addresses: [],
  pools: [],
  routes: [],
  peerRoutes: [],
  masquerade: 'Disabled',
  peerTraffic: 'Isolated',
} as const;
