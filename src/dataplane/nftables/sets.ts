import { familyOf } from '../../mesh/ip/address.ts';
import type { Family } from '../../mesh/ip/address.ts';
import { networkAddress } from '../../mesh/ip/prefix.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { DeviceRules } from '../port.ts';
import { NEVER } from './never.ts';
import { outermost } from './outermost.ts';
import { network, quoted } from './words.ts';

/** One set or map of the table. */
export interface NftSet {
  readonly name: SetName;
  readonly kind: 'set' | 'map';
  /** What stands in its braces but for the elements. */
  readonly type: string;
  readonly elements: readonly string[];
}

/**
 * What the rules look things up in. Those that end in 4 and 6 are of one family; all but `never` and `ours` are keyed by device.
 *
 *     devices       our devices
 *     same_device   each device with itself
 *     masqueraded   devices whose peers appear with the node's address
 *     never         from and to here nothing is forwarded
 *     addresses     the gateway's own: they answer echo
 *     ours          pools and peer routes of all devices: nothing outside has such an address
 *     behind        pools and peer routes: the only sources of what comes from a device
 *     inside        of these, what a device's own peers may begin connections to
 *     routes        networks of the gateway
 *     mss           the largest segment of TCP that fits the device
 */
export type SetName = 'devices' | 'same_device' | 'masqueraded' | `${Pair}${Family}`;
type Pair = 'never' | 'ours' | 'addresses' | 'behind' | 'inside' | 'routes' | 'mss';

export function setsOf(devices: readonly DeviceRules[]): NftSet[] {
  return [...deviceSets(devices), ...familySets(devices, 4), ...familySets(devices, 6)];
}

function deviceSets(devices: readonly DeviceRules[]): NftSet[] {
  const masqueraded = devices.filter(({ masquerade }) => masquerade === 'Enabled');
  const namesOf = (some: readonly DeviceRules[]) => some.map(({ name }) => quoted(name));
  return [
    { name: 'devices', kind: 'set', type: 'type ifname', elements: namesOf(devices) },
    {
      name: 'same_device',
      kind: 'set',
      type: 'type ifname . ifname',
      elements: namesOf(devices).map((name) => `${name} . ${name}`),
    },
    { name: 'masqueraded', kind: 'set', type: 'type ifname', elements: namesOf(masqueraded) },
  ];
}

function familySets(devices: readonly DeviceRules[], family: Family): NftSet[] {
  const keyed = (name: Pair, prefixesOf: (device: DeviceRules) => readonly Prefix[]): NftSet => ({
    name: `${name}${family}`,
    kind: 'set',
    type: `type ifname . ipv${family}_addr; flags interval`,
    elements: devices.flatMap((device) =>
      outermost(ofFamily(prefixesOf(device), family)).map((prefix) => `${quoted(device.name)} . ${prefix}`),
    ),
  });
  const unkeyed = (name: Pair, prefixes: readonly Prefix[]): NftSet => ({
    name: `${name}${family}`,
    kind: 'set',
    type: `type ipv${family}_addr; flags interval`,
    elements: outermost(ofFamily(prefixes, family)),
  });
  return [
    unkeyed('never', NEVER),
    unkeyed('ours', devices.flatMap(behind)),
    {
      name: `addresses${family}`,
      kind: 'set',
      type: `type ifname . ipv${family}_addr`,
      elements: devices.flatMap(({ name, addresses }) =>
        ofFamily(addresses, family).map((prefix) => `${quoted(name)} . ${networkAddress(prefix)}`),
      ),
    },
    keyed('behind', behind),
    keyed('inside', ({ pools, peerRoutes, peerTraffic }) => [...(peerTraffic === 'Open' ? pools : []), ...peerRoutes]),
    keyed('routes', ({ routes }) => routes),
    {
      name: `mss${family}`,
      kind: 'map',
      type: 'typeof iifname : tcp option maxseg size',
      elements: devices.map(({ name, mtu }) => `${quoted(name)} : ${segmentSize(mtu, family)}`),
    },
  ];
}

function behind({ pools, peerRoutes }: DeviceRules): Prefix[] {
  return [...pools, ...peerRoutes];
}

function ofFamily(prefixes: readonly Prefix[], family: Family): readonly Prefix[] {
  return prefixes.map(network).filter((prefix) => familyOf(prefix) === family);
}

/** MTU less the headers of IP and TCP; never less than what every host takes (RFC 9293 3.7.1), whatever the MTU says. */
function segmentSize(mtu: number, family: Family): number {
  const { headers, least } = family === 4 ? { headers: 40, least: 536 } : { headers: 60, least: 1220 };
  return Math.max(Math.trunc(mtu) - headers, least);
}
