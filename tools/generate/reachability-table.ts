/**
 * Who reaches whom through the tunnels of a gateway: what the firewall of a node promises. The reference page is made
 * from this, and test/netns/reachability.test.ts sends packets for every cell.
 */

/** `Open`: only while the gateway has `peerTraffic: Open`. */
export type Verdict = 'Always' | 'Never' | 'Open';

/** Where a connection begins. */
export const SOURCES = {
  peer: 'a peer of the gateway',
  siteHost: 'a host behind a peer, in one of its `routes`',
  routeHost: 'a host in one of the `routes` of the gateway',
  outsideHost: 'a host in no route',
  metadata: 'a metadata service, or whatever else never reaches anybody (below)',
  foreignPeer: 'a peer of another gateway on the same node',
  node: 'the node of the gateway',
  spoofingPeer: 'a peer with an address that is neither its own nor in its `routes`',
  spoofingHost:
    'a host that is no peer, with an address of a pool or of the routes of a peer, of any gateway on the node',
} as const;
export type Source = keyof typeof SOURCES;

/** Where it is to go; another one where the source is of the same kind. */
export const DESTINATIONS = {
  peer: 'a peer of the gateway; for a peer, another one; for a host behind a peer, one that it is not behind',
  siteHost: 'a host behind a peer, in one of its `routes`; for a host behind a peer, one behind another peer',
  gateway: 'an address of the gateway itself: ICMP echo, and nothing else',
  routeHost: 'a host in one of the `routes` of the gateway',
  outsideHost: 'a host in no route',
  foreignPeer: 'a peer of another gateway on the same node',
  foreignGateway: 'an address of another gateway on the same node',
  node: 'an address of the node, also when it lies in one of the `routes`',
  metadata: 'a metadata service, or whatever else is never reached (below), also when it lies in one of the `routes`',
} as const;
export type Destination = keyof typeof DESTINATIONS;

/** What is missing passes through no tunnel of the gateway, and is none of its business. */
export const REACHABILITY: { readonly [S in Source]: Partial<Readonly<Record<Destination, Verdict>>> } = {
  peer: {
    peer: 'Open',
    siteHost: 'Always',
    gateway: 'Always',
    routeHost: 'Always',
    outsideHost: 'Never',
    foreignPeer: 'Never',
    foreignGateway: 'Never',
    node: 'Never',
    metadata: 'Never',
  },
  siteHost: {
    peer: 'Open',
    siteHost: 'Always',
    gateway: 'Always',
    routeHost: 'Always',
    outsideHost: 'Never',
    foreignPeer: 'Never',
    foreignGateway: 'Never',
    node: 'Never',
    metadata: 'Never',
  },
  routeHost: { peer: 'Always', siteHost: 'Always' },
  outsideHost: { peer: 'Never', siteHost: 'Never' },
  metadata: { peer: 'Never', siteHost: 'Never' },
  foreignPeer: { peer: 'Never', siteHost: 'Never', gateway: 'Never' },
  node: { peer: 'Always', siteHost: 'Always' },
  spoofingPeer: {
    peer: 'Never',
    siteHost: 'Never',
    gateway: 'Never',
    routeHost: 'Never',
    outsideHost: 'Never',
    foreignPeer: 'Never',
    foreignGateway: 'Never',
    node: 'Never',
    metadata: 'Never',
  },
  spoofingHost: { peer: 'Never', siteHost: 'Never' },
};

/** Networks that are never reached and never reach anybody, whatever the routes say. */
export const NEVER_REACHED: Readonly<Record<string, string>> = {
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local addresses, the metadata service of most clouds among them',
  '224.0.0.0/4': 'multicast',
  '100.100.100.200/32': 'metadata service of Alibaba Cloud',
  '::1/128': 'loopback',
  'fe80::/10': 'link-local addresses',
  'ff00::/8': 'multicast',
  'fd00:ec2::254/128': 'metadata service of EC2',
  'fd20:ce::254/128': 'metadata service of Google Cloud',
};
