import type { Dataplane, DeviceRules } from '../../dataplane/port.ts';
import { familyOf } from '../../mesh/ip/address.ts';
import type { Problem } from '../../mesh/problem.ts';

type Forwarding = Awaited<ReturnType<Dataplane['forwarding']>>;

const FAMILIES = [
  { family: 4, name: 'IPv4', key: 'ipv4', setting: 'net.ipv4.ip_forward' },
  { family: 6, name: 'IPv6', key: 'ipv6', setting: 'net.ipv6.conf.all.forwarding' },
] as const;

/** One problem for each family that the device has networks to forward to or from, and that the node does not forward. */
export function forwardingProblems(rules: DeviceRules, node: Forwarding): Problem[] {
  const networks = [...rules.routes, ...rules.peerRoutes, ...(rules.peerTraffic === 'Open' ? rules.pools : [])];
  const needed = new Set(networks.map(familyOf));
  return FAMILIES.filter(({ family, key }) => needed.has(family) && !node[key]).map(({ name, setting }) => ({
    code: 'ForwardingDisabled',
    message: `The node does not forward ${name}, so peers reach nothing behind the gateway; run on the node: sysctl -w ${setting}=1`,
  }));
}
