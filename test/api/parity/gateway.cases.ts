import { WireGuardGateway } from '../../../src/api/v1alpha1/index.ts';
import type { CaseTable } from './case.ts';
import { bad, gateway, good } from './samples.ts';

const pool = (...pools: readonly object[]) => gateway({ pools });
const cidr = (text: string) => pool({ cidr: text });

const POOL = 'spec.pools[0].cidr';
const GATEWAY_ADDRESS = 'spec.pools[0].gatewayAddress';
const HOST = 'spec.endpoint.host';
const SELECTOR = 'spec.placement.nodeSelector';
const host = (text: string) => gateway({ endpoint: { host: text, port: 51840 } });
const selector = (nodeSelector: object) => gateway({ placement: { nodeSelector } });
const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`label-${i}`, 'x']));
const gatewayAddress = (network: string, address: string) => pool({ cidr: network, gatewayAddress: address });
const SIZE = 'choose /8 to /30 for IPv4, /48 to /126 for IPv6';

const everything = gateway({
  pools: [
    { cidr: '10.90.0.0/16', gatewayAddress: '10.90.0.1', reserved: ['10.90.0.0/24', '10.90.7.9/32'] },
    { cidr: 'fd00:90::/64', gatewayAddress: 'fd00:90::1', reserved: ['fd00:90::/120'] },
  ],
  placement: { nodeSelector: { 'node-restriction.kubernetes.io/peerwright-gateway': 'true', zone: '' } },
  endpoint: { host: 'vpn.example.com', port: 51840 },
  listenPort: 51840,
});

export const gatewayCases: CaseTable = {
  kind: WireGuardGateway,
  about: 'placement and pools',
  cases: [
    good('all fields', everything),
    good('one IPv4 pool', cidr('10.90.0.0/16')),
    good('one IPv6 pool', cidr('fd00:90::/64')),
    good('the largest pools', pool({ cidr: '10.0.0.0/8' }, { cidr: 'fd00:90::/48' })),
    good('the smallest pools', pool({ cidr: '10.0.0.4/30' }, { cidr: 'fd00:90::4/126' })),
    good('neighbouring pools', pool({ cidr: '10.90.0.0/24' }, { cidr: '10.90.1.0/24' })),
    good('a pool with an address translated from IPv4 in its shortest form', cidr('64:ff9b::c000:200/120')),
    good('the last but one address as the gateway', gatewayAddress('10.90.0.0/24', '10.90.0.254')),
    good('an address that is a broadcast only of smaller networks', gatewayAddress('10.90.0.0/16', '10.90.0.255')),
    good('the last address of an IPv6 pool as the gateway', gatewayAddress('fd00:90::/120', 'fd00:90::ff')),
    good('a whole pool reserved', pool({ cidr: '10.90.0.0/16', reserved: ['10.90.0.0/16'] })),
    good('a name of 52 characters', gateway({}, 'g'.repeat(52))),
    good('an IPv4 endpoint', host('203.0.113.7')),
    good('an IPv6 endpoint', host('2001:db8::7')),
    good('an endpoint of one label', host('localhost')),
    good('an endpoint with capitals and hyphens', host('VPN-1.eu-west.example.com')),
    good('the largest port', gateway({ listenPort: 65535 })),
    good('16 labels', selector(labels(16))),

    bad('no pools', gateway({ pools: undefined }), ['spec.pools', 'required']),
    bad('an empty list of pools', pool(), ['spec.pools', '1 items']),
    bad('nine pools', pool(...Array.from({ length: 9 }, (_, i) => ({ cidr: `10.${i}.0.0/16` }))), ['spec.pools', '8']),
    bad('no spec', { metadata: { name: 'edge' } }, ['spec', 'required']),
    bad('a name of 53 characters', gateway({}, 'g'.repeat(53)), ['', 'g'.repeat(53), '53', 'choose a shorter one']),
    bad('host bits', cidr('10.90.0.1/16'), [POOL, '10.90.0.1/16', 'write 10.90.0.0/16']),
    bad('IPv6 host bits', cidr('fd00:90::1/64'), [POOL, 'fd00:90::1/64', 'write fd00:90::/64']),
    bad('capitals', cidr('FD00:90::/64'), [POOL, 'FD00:90::/64', 'write fd00:90::/64']),
    bad('zeros that could be left out', cidr('fd00:0090::/64'), [POOL, 'fd00:0090::/64', 'write fd00:90::/64']),
    bad('a run of zeros that is not the longest', cidr('fd00::1:0:0:0:0/64'), [POOL, 'write fd00:0:0:1::/64']),
    bad('a dotted tail', cidr('64:ff9b::192.0.2.0/120'), [
      POOL,
      '64:ff9b::192.0.2.0/120',
      'write 64:ff9b::c000:200/120',
    ]),
    bad('an IPv4 address mapped into IPv6', cidr('::ffff:10.90.0.0/112'), [
      POOL,
      '::ffff:10.90.0.0/112',
      'like 10.90.0.0/16',
    ]),
    bad('a zone', cidr('fe80::%eth0/64'), [POOL, 'fe80::%eth0/64', 'like 10.90.0.0/16']),
    bad('no prefix length', cidr('10.90.0.0'), [POOL, '10.90.0.0 is not a network', 'like 10.90.0.0/16']),
    bad('a netmask', cidr('10.90.0.0/255.255.0.0'), [POOL, '10.90.0.0/255.255.0.0', 'like 10.90.0.0/16']),
    bad('a prefix length with a zero in front', cidr('10.0.0.0/08'), [POOL, '10.0.0.0/08', 'like 10.90.0.0/16']),
    bad('a prefix length beyond the address', cidr('10.0.0.0/33'), [POOL, '10.0.0.0/33', 'like 10.90.0.0/16']),
    bad('an octet with a zero in front', cidr('10.090.0.0/16'), [POOL, '10.090.0.0/16', 'like 10.90.0.0/16']),
    bad('three octets', cidr('10.90.0/16'), [POOL, '10.90.0/16', 'like 10.90.0.0/16']),
    bad('a blank at the end', cidr('10.90.0.0/16 '), [POOL, '10.90.0.0/16 ', 'like 10.90.0.0/16']),
    bad('a line break at the end', cidr('10.90.0.0/16\n'), [POOL, '10.90.0.0/16', 'like 10.90.0.0/16']),
    bad('a pool larger than /8', cidr('8.0.0.0/7'), [POOL, '8.0.0.0/7', SIZE]),
    bad('a pool smaller than /30', cidr('10.0.0.0/31'), [POOL, '10.0.0.0/31', SIZE]),
    bad('an IPv6 pool larger than /48', cidr('fd00::/47'), [POOL, 'fd00::/47', SIZE]),
    bad('an IPv6 pool smaller than /126', cidr('fd00::/127'), [POOL, 'fd00::/127', SIZE]),
    bad('a pool inside another', pool({ cidr: 'fd00:90::/64' }, { cidr: '10.90.7.0/24' }, { cidr: '10.90.0.0/16' }), [
      'spec.pools',
      'pools 10.90.7.0/24 and 10.90.0.0/16 overlap',
      'make them disjoint',
    ]),
    bad('the same pool twice', pool({ cidr: '10.90.0.0/16' }, { cidr: '10.90.0.0/16' }), [
      'spec.pools',
      'pools 10.90.0.0/16 and 10.90.0.0/16 overlap',
      'make them disjoint',
    ]),
    bad(
      'two pairs of overlapping pools',
      pool(...['10.1.0.0/16', '10.2.0.0/16', '10.1.2.0/24', '10.2.2.0/24'].map((text) => ({ cidr: text }))),
      ['spec.pools', 'pools 10.1.0.0/16 and 10.1.2.0/24 overlap'],
    ),
    bad('overlapping IPv6 pools', pool({ cidr: 'fd00:90::/64' }, { cidr: 'fd00:90::/56' }), [
      'spec.pools',
      'fd00:90::/64 and fd00:90::/56',
    ]),
    bad('a gateway address outside its pool', gatewayAddress('10.90.0.0/16', '10.91.0.1'), [
      GATEWAY_ADDRESS,
      '10.91.0.1 lies outside the pool 10.90.0.0/16',
      'choose an address inside it',
    ]),
    bad('a gateway address of the other family', gatewayAddress('10.90.0.0/16', 'fd00::1'), [
      GATEWAY_ADDRESS,
      'fd00::1 lies outside the pool 10.90.0.0/16',
    ]),
    bad('an IPv4 gateway address in an IPv6 pool', gatewayAddress('fd00:90::/64', '10.90.0.1'), [
      GATEWAY_ADDRESS,
      '10.90.0.1 lies outside the pool fd00:90::/64',
    ]),
    bad('the network address as the gateway', gatewayAddress('10.90.0.0/16', '10.90.0.0'), [
      GATEWAY_ADDRESS,
      '10.90.0.0 is the network address of the pool 10.90.0.0/16',
      'choose another address',
    ]),
    bad('the IPv6 network address as the gateway', gatewayAddress('fd00:90::/64', 'fd00:90::'), [
      GATEWAY_ADDRESS,
      'fd00:90:: is the network address',
    ]),
    ...[
      '10.255.255.255 10.0.0.0/8',
      '10.90.255.255 10.90.0.0/16',
      '10.90.7.255 10.90.0.0/21',
      '10.0.0.7 10.0.0.4/30',
    ].map((text) => {
      const [address = '', network = ''] = text.split(' ');
      return bad(`the broadcast address of ${network} as the gateway`, gatewayAddress(network, address), [
        GATEWAY_ADDRESS,
        `${address} is the broadcast address of the pool ${network}`,
        'choose another address',
      ]);
    }),
    bad('a gateway address with a prefix length', gatewayAddress('10.90.0.0/16', '10.90.0.1/16'), [
      GATEWAY_ADDRESS,
      '10.90.0.1/16 is not an address',
      'like 10.90.0.1',
    ]),
    bad('a gateway address that is not the shortest form', gatewayAddress('fd00:90::/64', 'fd00:90::0001'), [
      GATEWAY_ADDRESS,
      'fd00:90::0001',
      'write fd00:90::1',
    ]),
    bad(
      'a reserved network outside its pool',
      pool({ cidr: '10.90.0.0/16', reserved: ['10.90.1.0/24', '10.91.0.0/24'] }),
      ['spec.pools[0].reserved', '10.91.0.0/24 lies outside the pool 10.90.0.0/16', 'reserve networks inside it'],
    ),
    bad('a reserved network larger than its pool', pool({ cidr: '10.90.0.0/16', reserved: ['10.0.0.0/8'] }), [
      'spec.pools[0].reserved',
      '10.0.0.0/8 lies outside',
    ]),
    bad('a reserved network with host bits', pool({ cidr: '10.90.0.0/16', reserved: ['10.90.1.1/24'] }), [
      'spec.pools[0].reserved[0]',
      '10.90.1.1/24',
      'write 10.90.1.0/24',
    ]),
    ...[
      'vpn.example.com\nPostUp=x',
      'vpn example.com',
      'vpn_1.example.com',
      '-vpn.example.com',
      'vpn.example.com.',
      '10.1',
      '300.1.1.1',
      '2001:DB8::7',
      '[2001:db8::7]',
      'vpn.example.com:51840',
      'a'.repeat(64),
      '::ffff:10.0.0.1',
      'vpn.1x',
    ].map((text) =>
      bad(`the endpoint host ${JSON.stringify(text)}`, host(text), [
        HOST,
        text.split('\n')[0] ?? '',
        'like vpn.example.com',
      ]),
    ),
    bad('an endpoint without a port', gateway({ endpoint: { host: 'vpn.example.com' } }), [
      'spec.endpoint.port',
      'required',
    ]),
    bad('an endpoint port of 0', gateway({ endpoint: { host: 'vpn.example.com', port: 0 } }), [
      'spec.endpoint.port',
      '0',
      '1',
    ]),
    bad('a listen port of 65536', gateway({ listenPort: 65536 }), ['spec.listenPort', '65536', '65535']),
    bad('a listen port of 0', gateway({ listenPort: 0 }), ['spec.listenPort', '0', '1']),
    bad('a listen port that is text', gateway({ listenPort: '51840' }), ['spec.listenPort', 'string']),
    bad('a label key with a blank', selector({ 'my zone': 'x' }), [
      SELECTOR,
      'my zone',
      'write it like zone or example.com/zone',
    ]),
    bad('a label key with two slashes', selector({ 'a/b/c': 'x' }), [SELECTOR, 'a/b/c', 'write it like zone']),
    bad('a label key that is too long', selector({ ['k'.repeat(64)]: 'x' }), [
      SELECTOR,
      'k'.repeat(64),
      'write it like zone',
    ]),
    bad('a label value with a blank', selector({ zone: 'a b' }), [`${SELECTOR}.zone`, 'a b', 'write letters']),
    bad('17 labels', selector(labels(17)), [SELECTOR, '17', '16']),
  ],
};
