import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { Case, CaseTable, Sample } from './case.ts';
import { gateway, KEY, networks, peer, TIME } from './samples.ts';

const OBSERVED = { observedGeneration: 1, conditions: [] };

const of = (object: Sample, status: object): Sample => ({ ...object, status: { ...OBSERVED, ...status } });
const good = (name: string, object: Sample): Case => ({ name: `a status with ${name}`, object, isStatus: true });
const bad = (name: string, object: Sample, [field, ...says]: readonly [string, ...string[]]): Case => ({
  ...good(name, object),
  bad: { field: `status.${field}`, says },
});

const ofGateway = (status: object) => of(gateway({}), status);
const ofPeer = (status: object) => of(peer({}), status);

export const gatewayStatusCases: CaseTable = {
  kind: WireGuardGateway,
  about: 'status',
  cases: [
    good('nothing decided', ofGateway({})),
    good(
      'everything decided',
      ofGateway({
        publicKey: KEY,
        addresses: ['10.90.0.1', 'fd00:90::1'],
        nodeName: 'node-a.example.com',
        endpoint: '[2001:db8::7]:51840',
        listenPort: 51840,
        mtu: 1420,
        routes: [...networks(62), '0.0.0.0/0', '::/0'],
        allowedPeerRoutes: networks(64),
        masquerade: 'Disabled',
        peerTraffic: 'Open',
      }),
    ),
    good('no routes', ofGateway({ routes: [], allowedPeerRoutes: [] })),
    bad('an MTU of 1279', ofGateway({ mtu: 1279 }), ['mtu', '1280']),
    bad('65 routes', ofGateway({ routes: networks(65) }), ['routes', '64']),
    bad('a route with host bits', ofGateway({ routes: ['10.0.0.1/8'] }), ['routes[0]', 'write 10.0.0.0/8']),
    bad('65 allowed routes', ofGateway({ allowedPeerRoutes: networks(65) }), ['allowedPeerRoutes', '64']),
    bad('an unknown masquerade', ofGateway({ masquerade: 'On' }), ['masquerade', '"Enabled"']),
    bad('an unknown peer traffic', ofGateway({ peerTraffic: 'On' }), ['peerTraffic', '"Isolated"']),
  ],
};

export const peerStatusCases: CaseTable = {
  kind: WireGuardPeer,
  about: 'status',
  cases: [
    good('nothing decided', ofPeer({})),
    good(
      'everything decided',
      ofPeer({
        addresses: ['10.90.1.7', 'fd00:90::107'],
        routes: networks(64),
        publicKey: KEY,
        presharedKey: 'Derived',
        configSecret: { name: 'laptop-wireguard' },
        connection: { state: 'Connected', sinceTime: TIME, endpoint: '[2001:db8::7]:40123', nodeName: 'node-a' },
      }),
    ),
    good('an endpoint of link-local scope', ofPeer({ connection: { state: 'Idle', endpoint: '[fe80::1%eth0.7]:4' } })),
    good('no preshared key', ofPeer({ presharedKey: 'None' })),
    bad('65 routes', ofPeer({ routes: networks(65) }), ['routes', '64']),
    bad('a route with host bits', ofPeer({ routes: ['192.168.7.1/24'] }), ['routes[0]', 'write 192.168.7.0/24']),
    bad('an unknown preshared key', ofPeer({ presharedKey: KEY }), ['presharedKey', '"None"', '"Derived"']),
    bad('a Secret without a name', ofPeer({ configSecret: {} }), ['configSecret.name', 'required']),
    bad('a Secret of another namespace', ofPeer({ configSecret: { name: 'net/laptop' } }), ['configSecret.name']),
  ],
};
