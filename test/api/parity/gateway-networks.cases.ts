import { WireGuardGateway } from '../../../src/api/v1alpha1/index.ts';
import type { CaseTable } from './case.ts';
import { bad, gateway, good, networks } from './samples.ts';

const routes = (...given: readonly string[]) =>
  gateway({ pools: [{ cidr: '10.90.0.0/16' }, { cidr: 'fd00:90::/64' }], routes: given });
const allowed = (...given: readonly string[]) => gateway({ allowedPeerRoutes: given });
const dns = (...given: readonly string[]) => gateway({ client: { dns: given } });
const keepalive = (persistentKeepaliveSeconds: unknown) => gateway({ client: { persistentKeepaliveSeconds } });

const everything = gateway({
  pools: [{ cidr: '10.90.0.0/16' }, { cidr: 'fd00:90::/64' }],
  mtu: 1420,
  routes: ['10.0.0.0/16', '192.0.2.7/32', 'fd00:10::/48'],
  masquerade: 'Disabled',
  peerTraffic: 'Open',
  allowedPeerRoutes: ['192.168.0.0/16', 'fd00:168::/32'],
  client: { dns: ['10.0.0.10', 'fd00:10::10'], persistentKeepaliveSeconds: 15 },
});
const IN_A_POOL = 'leave it out, and set peerTraffic to Open';

/** What a gateway forwards, allows and tells its clients. */
export const gatewayNetworkCases: CaseTable = {
  kind: WireGuardGateway,
  about: 'networks',
  cases: [
    good('all fields about networks', everything),
    good('no routes', routes()),
    good('64 routes', routes(...networks(64))),
    good('default routes', routes('0.0.0.0/0', '::/0')),
    good('a route twice', routes('10.0.0.0/16', '10.0.0.0/16')),
    good('routes inside each other', routes('10.0.0.0/8', '10.0.0.0/16')),
    good('a route that contains a pool', routes('10.0.0.0/8', 'fd00:90::/63')),
    good('a route beside a pool', routes('10.91.0.0/16', '10.89.0.0/16')),
    bad('65 routes', routes(...networks(65)), ['spec.routes', '64']),
    bad('a route with host bits', routes('10.0.0.1/16'), ['spec.routes[0]', '10.0.0.1/16', 'write 10.0.0.0/16']),
    bad('a route in capitals', routes('FD00:10::/48'), ['spec.routes[0]', 'FD00:10::/48', 'write fd00:10::/48']),
    bad('an address as route', routes('10.0.0.7'), ['spec.routes[0]', '10.0.0.7 is not a network', 'like 10.90.0.0']),
    bad('a route that is a name', routes('office'), ['spec.routes[0]', 'office is not a network', 'like 10.90.0.0/16']),
    bad('a route that is a pool', routes('10.90.0.0/16'), [
      'spec.routes',
      '10.90.0.0/16 lies inside a pool',
      IN_A_POOL,
    ]),
    bad('a route inside a pool', routes('10.0.0.0/8', '10.90.7.0/24'), ['spec.routes', '10.90.7.0/24', IN_A_POOL]),
    bad('an IPv6 route inside a pool', routes('fd00:90::/65'), ['spec.routes', 'fd00:90::/65', IN_A_POOL]),
    bad('two routes inside pools', routes('fd00:90::7/128', '10.90.7.0/24'), ['spec.routes', 'fd00:90::7/128 lies']),
    bad('an address of a pool as route', routes('10.90.255.255/32'), ['spec.routes', '10.90.255.255/32', IN_A_POOL]),

    good('no allowed routes', allowed()),
    good('64 allowed routes', allowed(...networks(64))),
    good('half of all addresses allowed', allowed('128.0.0.0/1', '8000::/1')),
    bad('65 allowed routes', allowed(...networks(65)), ['spec.allowedPeerRoutes', '64']),
    bad('a default route allowed', allowed('0.0.0.0/0'), [
      'spec.allowedPeerRoutes[0]',
      '0.0.0.0/0 is a default route',
      'name the networks behind the peer',
    ]),
    bad('an IPv6 default route allowed', allowed('192.168.0.0/16', '::/0'), [
      'spec.allowedPeerRoutes[1]',
      '::/0 is a default route',
    ]),
    bad('an allowed route with host bits', allowed('192.168.7.1/16'), [
      'spec.allowedPeerRoutes[0]',
      '192.168.7.1/16',
      'write 192.168.0.0/16',
    ]),

    good('the smallest MTU', gateway({ mtu: 1280 })),
    good('the largest MTU', gateway({ mtu: 65456 })),
    bad('an MTU of 1279', gateway({ mtu: 1279 }), ['spec.mtu', '1280']),
    bad('an MTU of 65457', gateway({ mtu: 65457 }), ['spec.mtu', '65456']),
    bad('an MTU that is text', gateway({ mtu: '1420' }), ['spec.mtu', 'string']),
    bad('an MTU with a fraction', gateway({ mtu: 1420.5 }), ['spec.mtu', 'int']),
    bad('an unknown masquerade', gateway({ masquerade: 'Yes' }), ['spec.masquerade', '"Enabled"', '"Disabled"']),
    bad('masquerade as a bool', gateway({ masquerade: true }), ['spec.masquerade']),
    bad('an unknown peer traffic', gateway({ peerTraffic: 'Closed' }), ['spec.peerTraffic', '"Isolated"', '"Open"']),

    good('a client without settings', gateway({ client: {} })),
    good('four DNS servers', dns('10.0.0.10', '10.0.0.11', 'fd00:10::10', 'fd00:10::11')),
    bad('five DNS servers', dns('10.0.0.10', '10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14'), [
      'spec.client.dns',
      '4',
    ]),
    bad('a DNS server by name', dns('dns.example.com'), ['spec.client.dns[0]', 'dns.example.com is not an address']),
    bad('a DNS server with a port', dns('10.0.0.10:53'), ['spec.client.dns[0]', '10.0.0.10:53 is not an address']),
    bad('a DNS server with a zone', dns('fe80::1%eth0'), ['spec.client.dns[0]', 'fe80::1%eth0 is not an address']),
    bad('a DNS server in capitals', dns('FD00:10::10'), ['spec.client.dns[0]', 'write fd00:10::10']),
    good('no keepalive of clients', keepalive(0)),
    good('the longest keepalive of clients', keepalive(65535)),
    bad('a negative keepalive of clients', keepalive(-1), ['spec.client.persistentKeepaliveSeconds', '0']),
    bad('a keepalive of clients of 65536', keepalive(65536), ['spec.client.persistentKeepaliveSeconds', '65535']),
    bad('a keepalive of clients as text', keepalive('25'), ['spec.client.persistentKeepaliveSeconds', 'string']),
  ],
};
