import { WireGuardAddressBlock, WireGuardNodeConfig, WireGuardNodeReport } from '../../../src/api/v1alpha1/index.ts';
import type { CaseTable, Sample } from './case.ts';
import { KEY, networks, TIME } from './samples.ts';

const GATEWAY = { namespace: 'net', name: 'edge', uid: 'e4c1b0a2-0000-4000-8000-000000000001' };

const allocation = (offset: number, rest: object = {}) => ({
  offset,
  gateway: { namespace: 'net', name: 'edge' },
  peer: { namespace: 'net', name: `peer-${offset}`, uid: `uid-${offset}` },
  ...rest,
});
const block = (spec: object): Sample => ({
  metadata: { name: 'v4-0a5a0100' },
  spec: { cidr: '10.90.1.0/24', allocations: [], ...spec },
});
const full = Array.from({ length: 256 }, (_, offset) => allocation(offset));

export const blockCases: CaseTable = {
  kind: WireGuardAddressBlock,
  about: 'all of it',
  cases: [
    { name: 'an empty block', object: block({}) },
    { name: 'a full block', object: block({ allocations: full }) },
    { name: 'an IPv6 block', object: block({ cidr: 'fd00:90::100/120' }) },
    { name: 'a quarantined address', object: block({ allocations: [allocation(7, { releaseTime: TIME })] }) },
    { name: 'offsets in any order', object: block({ allocations: [allocation(9), allocation(7)] }) },
    {
      name: 'a network of another size',
      object: block({ cidr: '10.90.0.0/16' }),
      bad: { field: 'spec.cidr', says: ['10.90.0.0/16 is no block', 'write the /24 or /120'] },
    },
    {
      name: 'a network that is not aligned',
      object: block({ cidr: '10.90.1.5/24' }),
      bad: { field: 'spec.cidr', says: ['10.90.1.5/24', 'write 10.90.1.0/24'] },
    },
    {
      name: 'an offset twice',
      object: block({ allocations: [allocation(7), allocation(8), allocation(7)] }),
      bad: { field: 'spec.allocations', says: ['7'] },
    },
    {
      name: 'an offset outside the block',
      object: block({ allocations: [allocation(256)] }),
      bad: { field: 'spec.allocations[0].offset', says: ['256', '255'] },
    },
    {
      name: 'a release time that is none',
      object: block({ allocations: [allocation(7, { releaseTime: 'yesterday' })] }),
      bad: { field: 'spec.allocations[0].releaseTime', says: ['yesterday'] },
    },
    {
      name: 'an owner without a uid',
      object: block({ allocations: [allocation(7, { peer: { namespace: 'net', name: 'laptop' } })] }),
      bad: { field: 'spec.allocations[0].peer.uid', says: ['required'] },
    },
  ],
};

const configured = (rest: object = {}) => ({
  gateway: GATEWAY,
  generation: 1,
  keyNumber: 1,
  publicKey: KEY,
  sealedKey: 'YWdlLWVuY3J5cHRpb24=',
  listenPort: 51840,
  addresses: ['10.90.0.1', 'fd00:90::1'],
  pools: ['10.90.0.0/16', 'fd00:90::/64'],
  ...rest,
});
const config = (gateways: readonly object[], name = 'node-a.example.com'): Sample => ({
  metadata: { name },
  spec: { identity: { nodeUID: 'uid-a', recipient: 'age1abc' }, gateways },
});

export const configCases: CaseTable = {
  kind: WireGuardNodeConfig,
  about: 'all of it',
  cases: [
    { name: 'no gateways', object: config([]) },
    { name: '64 gateways', object: config(Array.from({ length: 64 }, () => configured())) },
    {
      name: '65 gateways',
      object: config(Array.from({ length: 65 }, () => configured())),
      bad: { field: 'spec.gateways', says: ['64'] },
    },
    {
      name: 'a name that leaves no room for reports',
      object: config([], 'n'.repeat(249)),
      bad: { field: '', says: ['249', 'choose a shorter one'] },
    },
    {
      name: 'a pool with host bits',
      object: config([configured({ pools: ['10.90.0.1/16'] })]),
      bad: { field: 'spec.gateways[0].pools[0]', says: ['10.90.0.1/16', 'write 10.90.0.0/16'] },
    },
    {
      name: 'everything about networks',
      object: config([
        configured({
          mtu: 1420,
          routes: networks(64),
          allowedPeerRoutes: networks(64),
          masquerade: 'Disabled',
          peerTraffic: 'Open',
        }),
      ]),
    },
    { name: 'default routes to reach', object: config([configured({ routes: ['0.0.0.0/0', '::/0'] })]) },
    ...[
      { what: 'an MTU that IPv6 cannot have', rest: { mtu: 1279 }, field: 'mtu', says: ['1280'] },
      { what: '65 routes', rest: { routes: networks(65) }, field: 'routes', says: ['64'] },
      { what: 'a route with host bits', rest: { routes: ['10.0.0.1/8'] }, field: 'routes[0]', says: ['10.0.0.0/8'] },
      {
        what: 'an allowed route that is none',
        rest: { allowedPeerRoutes: ['any'] },
        field: 'allowedPeerRoutes[0]',
        says: ['any is not a network'],
      },
      { what: 'an unknown masquerade', rest: { masquerade: 'On' }, field: 'masquerade', says: ['"Enabled"'] },
      { what: 'an unknown peer traffic', rest: { peerTraffic: 'On' }, field: 'peerTraffic', says: ['"Isolated"'] },
    ].map(({ what, rest, field, says }) => ({
      name: what,
      object: config([configured(rest)]),
      bad: { field: `spec.gateways[0].${field}`, says },
    })),
    {
      name: 'a key that is none',
      object: config([configured({ publicKey: 'key' })]),
      bad: { field: 'spec.gateways[0].publicKey', says: ['key is not a WireGuard public key'] },
    },
    {
      name: 'no identity',
      object: { metadata: { name: 'node-a' }, spec: { gateways: [] } },
      bad: { field: 'spec.identity', says: ['required'] },
    },
  ],
};

const report = (spec: object = {}, name = 's000.node-a'): Sample => ({
  metadata: { name },
  spec: { nodeName: 'node-a', nodeUID: 'uid-a', observedTime: TIME, ...spec },
});
const reported = (index: number) => ({
  uid: `uid-${index}`,
  generation: 1,
  digest: 'd',
  connection: { state: 'Connected', sinceTime: TIME, lastHandshakeTime: TIME, endpoint: '203.0.113.7:40123' },
});
const device = (rest: object) => ({ gateway: GATEWAY, generation: 1, device: 'pw-0a1b2c3d', ...rest });
const ports = (count: number) => Array.from({ length: count }, (_, index) => 51840 + index);
const ANEW = 'delete the report and create it anew';

export const reportCases: CaseTable = {
  kind: WireGuardNodeReport,
  about: 'all of it',
  cases: [
    { name: 'the required fields', object: report() },
    {
      name: 'a shard of 50 peers',
      object: report({ peers: Array.from({ length: 50 }, (_, i) => reported(i)) }, 's001.node-a'),
    },
    {
      name: 'a node with dots and digits',
      object: report({ nodeName: '000.s001.node-a' }, 's000.000.s001.node-a'),
    },
    {
      name: 'devices and problems',
      object: report({
        recipient: 'age1abc',
        shardCount: 1,
        devices: [
          {
            gateway: GATEWAY,
            generation: 1,
            device: 'pw-0a1b2c3d',
            digest: 'd',
            implementation: 'Userspace',
            publicKey: KEY,
            listenPort: 51840,
          },
          {
            gateway: GATEWAY,
            generation: 1,
            device: 'pw-0a1b2c3e',
            problems: [{ code: 'InterfaceConflict', message: 'x' }],
          },
        ],
        problems: [{ code: 'WireGuardUnavailable', message: 'x' }],
      }),
    },
    { name: 'a recipient set later', old: report(), object: report({ recipient: 'age1abc' }) },
    {
      name: '51 peers',
      object: report({ peers: Array.from({ length: 51 }, (_, i) => reported(i)) }),
      bad: { field: 'spec.peers', says: ['50'] },
    },
    {
      name: "another node's name",
      object: report({}, 's000.node-b'),
      bad: { field: 'spec.nodeName', says: ['s000.node-b is not a report of node node-a', 'name it like s000.node-a'] },
    },
    {
      name: 'a name without a number',
      object: report({}, 'node-a'),
      bad: { field: 'spec.nodeName', says: ['name it like s000.node-a'] },
    },
    {
      name: 'a name with a number of four digits',
      object: report({}, 's0000.node-a'),
      bad: { field: 'spec.nodeName', says: ['name it like s000.node-a'] },
    },
    ...[
      { what: 'a taken port of 0', rest: { takenPorts: [0] }, field: 'takenPorts[0]', says: ['1'] },
      { what: 'a taken port of 65536', rest: { takenPorts: [51840, 65536] }, field: 'takenPorts[1]', says: ['65535'] },
      { what: '17 taken ports', rest: { takenPorts: ports(17) }, field: 'takenPorts', says: ['16'] },
      { what: 'a negative MTU', rest: { mtu: -1 }, field: 'mtu', says: ['0'] },
    ].map(({ what, rest, field, says }) => ({
      name: what,
      object: report({ devices: [device(rest)] }),
      bad: { field: `spec.devices[0].${field}`, says },
    })),
    { name: '16 taken ports', object: report({ devices: [device({ takenPorts: ports(16), mtu: 1420 })] }) },
    {
      name: 'an unknown connection state',
      object: report({ peers: [{ uid: 'u', generation: 1, connection: { state: 'Up' } }] }),
      bad: { field: 'spec.peers[0].connection.state', says: ['"Up"', '"Idle"'] },
    },
    {
      name: 'another node uid',
      old: report(),
      object: report({ nodeUID: 'uid-b' }),
      bad: { field: 'spec.nodeUID', says: ['uid-a cannot become uid-b', ANEW] },
    },
    {
      name: 'another node name',
      old: report(),
      object: report({ nodeName: 'node-b' }),
      bad: { field: 'spec.nodeName', says: ['node-a cannot become node-b', ANEW] },
    },
    {
      name: 'another recipient',
      old: report({ recipient: 'age1abc' }),
      object: report({ recipient: 'age1def' }),
      bad: { field: 'spec.recipient', says: ['age1abc cannot be changed or removed', ANEW] },
    },
    {
      name: 'the recipient removed',
      old: report({ recipient: 'age1abc' }),
      object: report(),
      bad: { field: 'spec.recipient', says: ['age1abc cannot be changed or removed', ANEW] },
    },
  ],
};
