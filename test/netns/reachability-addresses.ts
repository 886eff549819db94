import type { DeviceRules } from '../../src/dataplane/port.ts';
import type { DeviceName, Prefix } from '../../src/mesh/model.ts';
import type { Destination, Source } from '../../tools/generate/reachability-table.ts';

export type GatewayName = 'edge' | 'lobby';
export type ClientName = 'laptop' | 'branch' | 'depot' | 'guest';
/** Machines that probes begin on, or are to arrive at. */
export type MachineName = ClientName | 'node' | 'app' | 'desk';

/**
 * Two gateways, as their rules stand when nothing is changed. The routes of both contain all pools and peer routes, the
 * node's own address and the metadata service: none of these may be reached because of that.
 */
export const GATEWAYS = [
  {
    name: 'edge',
    port: 51_840,
    rules: rules('pw-0000000a', {
      addresses: ['10.90.0.1/32', 'fd00:90::1/128'],
      pools: ['10.90.0.0/16', 'fd00:90::/64'],
      routes: ['10.0.0.0/8', '10.20.0.0/16', '169.254.0.0/16', 'fd00::/8', 'fd00:20::/64'],
      peerRoutes: ['192.168.7.0/24', 'fd07::/64', '192.168.8.0/24', 'fd08::/64'],
    }),
    peers: [
      // WireGuard lets the laptop use addresses that the firewall has not been told of.
      peer('laptop', { number: 7, spoofable: ['10.66.0.0/24', 'fd66::/64'] }),
      peer('branch', { number: 8, routes: ['192.168.7.0/24', 'fd07::/64'] }),
      peer('depot', { number: 9, routes: ['192.168.8.0/24', 'fd08::/64'] }),
    ],
  },
  {
    name: 'lobby',
    port: 51_841,
    rules: rules('pw-0000000b', {
      addresses: ['10.91.0.1/32', 'fd00:91::1/128'],
      pools: ['10.91.0.0/16', 'fd00:91::/64'],
      routes: ['10.0.0.0/8', 'fd00::/8', '192.168.0.0/16'],
      peerRoutes: [],
    }),
    peers: [peer('guest', { pool: 91, number: 7 })],
  },
] as const;

/** What clients send into the tunnel: more than any gateway lets through. */
export const BEHIND_CLIENTS = [
  '10.0.0.0/8',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '203.0.113.0/24',
  'fd00::/8',
  '2001:db8::/32',
];

/** Addresses that machines have besides those of their links and tunnels. */
export const OWN_ADDRESSES: Readonly<Partial<Record<MachineName, readonly string[]>>> = {
  app: ['203.0.113.5', '2001:db8:113::5', '169.254.169.254', 'fd00:ec2::254'],
  depot: ['192.168.8.10', 'fd08::10'],
};

/** Addresses that they have no right to. */
export const SPOOFED_ADDRESSES: typeof OWN_ADDRESSES = {
  app: ['10.90.0.200', 'fd00:90::200', '192.168.7.200', 'fd07::200', '10.91.0.200', 'fd00:91::200'],
  laptop: ['10.66.0.9', 'fd66::9', '10.20.0.99', 'fd00:20::99'],
};

export interface Place {
  readonly machine: MachineName;
  readonly v4: string;
  readonly v6: string;
}

const LAPTOP = place('laptop', '10.90.0.7', 'fd00:90::7');
const DEPOT = place('depot', '10.90.0.9', 'fd00:90::9');
const DESK = place('desk', '192.168.7.10', 'fd07::10');
const DEPOT_SITE = place('depot', '192.168.8.10', 'fd08::10');
const APP = place('app', '10.20.0.10', 'fd00:20::10');
const OUTSIDE = place('app', '203.0.113.5', '2001:db8:113::5');
const METADATA = place('app', '169.254.169.254', 'fd00:ec2::254');
const GUEST = place('guest', '10.91.0.7', 'fd00:91::7');

/** Who stands for a source: several, when there are several kinds of it. */
export const SOURCE_PLACES: Readonly<Record<Source, readonly Place[]>> = {
  peer: [LAPTOP],
  siteHost: [DESK],
  routeHost: [APP],
  outsideHost: [OUTSIDE],
  metadata: [METADATA],
  foreignPeer: [GUEST],
  // the address of the gateway, which the kernel chooses
  node: [place('node', '10.90.0.1', 'fd00:90::1')],
  // one that only the firewall knows to be wrong, one that WireGuard refuses
  spoofingPeer: [place('laptop', '10.66.0.9', 'fd66::9'), place('laptop', '10.20.0.99', 'fd00:20::99')],
  spoofingHost: [
    place('app', '10.90.0.200', 'fd00:90::200'),
    place('app', '192.168.7.200', 'fd07::200'),
    // of the pool of another gateway, which lies in the routes of this one
    place('app', '10.91.0.200', 'fd00:91::200'),
  ],
};

export const DESTINATION_PLACES: Readonly<Record<Destination, Place>> = {
  peer: DEPOT,
  siteHost: DESK,
  gateway: place('node', '10.90.0.1', 'fd00:90::1'),
  routeHost: APP,
  outsideHost: OUTSIDE,
  foreignPeer: GUEST,
  foreignGateway: place('node', '10.91.0.1', 'fd00:91::1'),
  node: place('node', '10.20.0.1', 'fd00:20::1'),
  metadata: METADATA,
};

/** The host behind another peer than the one that the host behind a peer is behind. */
export const OTHER_SITE_HOST: Place = DEPOT_SITE;

function place(machine: MachineName, v4: string, v6: string): Place {
  return { machine, v4, v6 };
}

type Networks = Readonly<Record<'addresses' | 'pools' | 'routes' | 'peerRoutes', readonly string[]>>;

function rules(name: string, networks: Networks): DeviceRules {
  const { addresses, pools, routes, peerRoutes } = networks as Readonly<Record<keyof Networks, readonly Prefix[]>>;
  const preset = { masquerade: 'Enabled', peerTraffic: 'Isolated', mtu: 1420 } as const;
  return { name: name as DeviceName, addresses, pools, routes, peerRoutes, ...preset };
}

interface PeerOptions {
  /** Default 90. */
  readonly pool?: number;
  readonly number: number;
  readonly routes?: readonly string[];
  readonly spoofable?: readonly string[];
}

function peer(client: ClientName, { pool = 90, number, routes = [], spoofable = [] }: PeerOptions) {
  return { client, addresses: [`10.${pool}.0.${number}/32`, `fd00:${pool}::${number}/128`], routes, spoofable };
}
