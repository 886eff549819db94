import { WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { CaseTable } from './case.ts';
import { bad, good, networks, peer } from './samples.ts';

const routes = (...given: readonly string[]) => peer({ routes: given });
const clientRoutes = (...given: readonly string[]) => peer({ clientRoutes: given });
const endpoint = (host: string, port: unknown = 51820) => peer({ endpoint: { host, port } });
const keepalive = (persistentKeepaliveSeconds: unknown) => peer({ persistentKeepaliveSeconds });

const everything = peer({
  addresses: ['10.90.1.7', 'fd00:90::107'],
  routes: ['192.168.7.0/24', 'fd00:168:7::/48', '192.0.2.7/32'],
  clientRoutes: ['10.0.0.0/8', 'fd00::/8'],
  endpoint: { host: 'branch7.example.net', port: 51820 },
  persistentKeepaliveSeconds: 25,
  presharedKey: { type: 'Derived' },
  state: 'Enabled',
});

/** What is behind a peer, how it is dialled, what its file says. */
export const peerNetworkCases: CaseTable = {
  kind: WireGuardPeer,
  about: 'networks',
  cases: [
    good('all fields', everything),
    good('no routes', routes()),
    good('64 routes', routes(...networks(64))),
    good('a host as route', routes('192.168.7.7/32', 'fd00:168::7/128')),
    bad('65 routes', routes(...networks(65)), ['spec.routes', '64']),
    ...['0.0.0.0/0', '::/0'].map((text) =>
      bad(`the default route ${text}`, routes('192.168.7.0/24', text), [
        'spec.routes[1]',
        `${text} is a default route`,
        'name the networks behind the peer',
      ]),
    ),
    bad('a route with host bits', routes('192.168.7.1/24'), ['spec.routes[0]', '192.168.7.1/24', 'write 192.168.7.0']),
    bad('a default route with host bits', routes('10.0.0.0/0'), ['spec.routes[0]', '10.0.0.0/0', 'write 0.0.0.0/0']),
    bad('an address as route', routes('192.168.7.1'), ['spec.routes[0]', '192.168.7.1 is not a network']),
    bad('a route mapped into IPv6', routes('::ffff:192.168.7.0/120'), ['spec.routes[0]', 'is not a network']),

    good('everything through the tunnel', clientRoutes('0.0.0.0/0', '::/0')),
    good('no client routes', clientRoutes()),
    good('64 client routes', clientRoutes(...networks(64))),
    bad('65 client routes', clientRoutes(...networks(65)), ['spec.clientRoutes', '64']),
    bad('a client route with host bits', clientRoutes('10.0.0.1/8'), [
      'spec.clientRoutes[0]',
      '10.0.0.1/8',
      'write 10.0.0.0/8',
    ]),
    bad('a client route that ends its line', clientRoutes('10.0.0.0/8\nPostUp = reboot'), ['spec.clientRoutes[0]']),

    good('an IPv4 endpoint', endpoint('198.51.100.7')),
    good('an IPv6 endpoint', endpoint('2001:db8::7')),
    good('an endpoint on loopback, which depends on where it is dialled from', endpoint('127.0.0.1')),
    good('the largest port', endpoint('branch7.example.net', 65535)),
    bad('a port of 65536', endpoint('branch7.example.net', 65536), ['spec.endpoint.port', '65535']),
    bad('a port of 0', endpoint('branch7.example.net', 0), ['spec.endpoint.port', '1']),
    bad('an endpoint without a port', peer({ endpoint: { host: 'branch7.example.net' } }), [
      'spec.endpoint.port',
      'required',
    ]),
    bad('an endpoint without a host', peer({ endpoint: { port: 51820 } }), ['spec.endpoint.host', 'required']),
    ...['branch7.example.net:51820', '[2001:db8::7]', 'branch7 example', 'fe80::1%eth0', '198.51.100', ' '].map(
      (text) =>
        bad(`the endpoint host '${text}'`, endpoint(text), [
          'spec.endpoint.host',
          text,
          'write it like vpn.example.com',
        ]),
    ),

    good('no keepalive', keepalive(0)),
    good('the longest keepalive', keepalive(65535)),
    bad('a negative keepalive', keepalive(-1), ['spec.persistentKeepaliveSeconds', '0']),
    bad('a keepalive of 65536', keepalive(65536), ['spec.persistentKeepaliveSeconds', '65535']),
    bad('a keepalive as text', keepalive('25'), ['spec.persistentKeepaliveSeconds', 'string']),

    good('a preshared key for an own key', peer({ presharedKey: { type: 'Derived' } })),
    good('no preshared key for a key that is made', peer({ publicKey: undefined, presharedKey: { type: 'None' } })),
    bad('a preshared key without a type', peer({ presharedKey: {} }), ['spec.presharedKey.type']),
    bad('a preshared key in the open', peer({ presharedKey: { type: 'Given' } }), [
      'spec.presharedKey.type',
      '"None"',
      '"Derived"',
    ]),
    { name: 'an own key instead of a made one', old: peer({ publicKey: undefined }), object: peer({}) },
    { name: 'a made key instead of an own one', old: peer({}), object: peer({ publicKey: undefined }) },
  ],
};
