import { describe, expect, it } from 'vitest';
import type { Pool } from '../../api/v1alpha1/gateway.ts';
import type { Prefix } from '../model.ts';
import { checkPools } from './pools.ts';
import type { PoolHolder } from './pools.ts';
import type { NetworkClaim } from './routes.ts';
import type { ClusterNetwork } from './special-networks.ts';

const OLD = '2026-01-01T00:00:00Z';
const NEW = '2026-06-01T00:00:00Z';
const p = (...texts: string[]): Prefix[] => texts as Prefix[];

function gateway(name: string, rest: Partial<PoolHolder> = {}): PoolHolder {
  return { namespace: 'net', name, uid: `uid-${name}`, creationTimestamp: NEW, pools: [], granted: [], ...rest };
}

interface Situation {
  self?: PoolHolder;
  others?: PoolHolder[];
  clusterNetworks?: ClusterNetwork[];
  claims?: NetworkClaim[];
}

function problemsOf(
  pools: (string | Pool)[],
  { self = gateway('me'), others = [], clusterNetworks = [], claims = [] }: Situation = {},
) {
  const asked = pools.map((pool) => (typeof pool === 'string' ? { cidr: pool } : pool));
  return checkPools({ self, pools: asked, otherGateways: others, clusterNetworks, routeClaimsOn: () => claims });
}

const codesOf = (...args: Parameters<typeof problemsOf>): string[] =>
  problemsOf(...args).map((problem) => problem.code);

describe('the form of pools', () => {
  it('accepts canonical pools of both families', () => {
    const pool = { cidr: '10.90.0.0/16', gatewayAddress: '10.90.0.9', reserved: ['10.90.1.0/24'] };
    expect(problemsOf([pool, 'fd00:90::/64'])).toEqual([]);
  });

  it.each([
    [{ cidr: '10.90.0.1/16' }, 'spec.pools[0].cidr'],
    [{ cidr: 'FD00::/64' }, 'spec.pools[0].cidr'],
    [{ cidr: '10.90.0.0/31' }, 'spec.pools[0].cidr'],
    [{ cidr: 'fd00::/32' }, 'spec.pools[0].cidr'],
    [{ cidr: '10.90.0.0/16', gatewayAddress: '10.91.0.1' }, 'spec.pools[0].gatewayAddress'],
    [{ cidr: '10.90.0.0/16', gatewayAddress: '10.90.255.255' }, 'spec.pools[0].gatewayAddress'],
    [{ cidr: '10.90.0.0/16', reserved: ['10.90.0.0/24', '10.91.0.0/24'] }, 'spec.pools[0].reserved[1]'],
  ])('says what is wrong with %j', (pool, path) => {
    const [problem] = problemsOf([pool]);
    expect(problem).toMatchObject({ code: 'InvalidObject', path });
    expect(problem?.message).toContain(path);
  });

  it('finds pools of one gateway that overlap, at the second one', () => {
    expect(problemsOf(['10.90.0.0/16', '10.91.0.0/16', '10.90.4.0/24'])).toEqual([
      {
        code: 'InvalidObject',
        path: 'spec.pools[2].cidr',
        message: 'spec.pools[2].cidr 10.90.4.0/24 must not overlap spec.pools[0].cidr 10.90.0.0/16.',
      },
    ]);
  });
});

describe("the cluster's own networks", () => {
  it.each([
    '127.1.0.0/16',
    '169.254.0.0/24',
    '224.0.0.0/8',
    '0.0.0.0/8',
    '240.0.0.0/8',
    '::/64',
    'fe80::/64',
    'ff00::/64',
  ])('never include %s', (cidr) => {
    expect(codesOf([cidr])).toEqual(['ClusterOverlap']);
  });

  it('are named with what they are', () => {
    const clusterNetworks = [{ what: 'services of this cluster', prefix: '10.96.0.0/12' as Prefix }];
    expect(problemsOf(['10.90.0.0/16', '10.100.0.0/16'], { clusterNetworks })).toEqual([
      {
        code: 'ClusterOverlap',
        path: 'spec.pools[1].cidr',
        message:
          'spec.pools[1].cidr 10.100.0.0/16 overlaps 10.96.0.0/12, services of this cluster; choose a network outside it.',
      },
    ]);
  });

  it('include single addresses', () => {
    const clusterNetworks = [{ what: 'address of node n1', prefix: '10.90.3.4/32' as Prefix }];
    expect(codesOf(['10.90.0.0/16'], { clusterNetworks })).toEqual(['ClusterOverlap']);
  });
});

describe('pools of other gateways', () => {
  const wanted = p('10.90.0.0/16');
  const mine = { pools: wanted };

  it.each([
    ['granted to me, wanted by an older one', { granted: wanted }, { ...mine, creationTimestamp: OLD }, false],
    ['granted to the other, although I am older', { creationTimestamp: OLD }, { ...mine, granted: wanted }, true],
    ['granted to the other, whose spec has moved on', { creationTimestamp: OLD }, { granted: wanted }, true],
    ['granted to nobody, the other is older', {}, { ...mine, creationTimestamp: OLD }, true],
    ['granted to nobody, I am older', { creationTimestamp: OLD }, mine, false],
    ['granted to nobody, same age, my uid is lower', { uid: 'a' }, { ...mine, uid: 'b' }, false],
    ['granted to nobody, same age, my uid is higher', { uid: 'b' }, { ...mine, uid: 'a' }, true],
    ['granted to both, the other is older', { granted: wanted }, { granted: wanted, creationTimestamp: OLD }, true],
    ['granted to both, I am older', { granted: wanted, creationTimestamp: OLD }, { granted: wanted }, false],
  ])('%s', (...[, self, other, refused]) => {
    const situation = { self: gateway('me', self), others: [gateway('edge', other)] };
    expect(codesOf(['10.90.0.0/16'], situation)).toEqual(refused ? ['PoolOverlap'] : []);
  });

  it('exactly one of two gateways gets what both want, whoever looks', () => {
    const one = gateway('one', mine);
    const two = gateway('two', mine);
    const refused = [one, two].filter((self) => problemsOf(['10.90.0.0/16'], { self, others: [one, two] }).length > 0);
    expect(refused.length).toBe(1);
  });

  it('a pool that grows is a new claim', () => {
    const self = gateway('me', { granted: p('10.90.0.0/24'), creationTimestamp: OLD });
    const others = [gateway('edge', { pools: p('10.90.5.0/24'), granted: p('10.90.5.0/24') })];
    expect(codesOf(['10.90.0.0/16'], { self, others })).toEqual(['PoolOverlap']);
    expect(codesOf(['10.90.0.0/25'], { self, others })).toEqual([]);
  });

  it('are named in the same namespace only', () => {
    const granted = p('10.90.128.0/17');
    const here = problemsOf(['10.90.0.0/16'], { others: [gateway('edge', { granted })] })[0]?.message;
    const elsewhere = problemsOf(['10.90.0.0/16'], { others: [gateway('edge', { namespace: 'secret', granted })] })[0]
      ?.message;
    expect(here).toContain('gateway edge');
    expect(elsewhere).toContain('spec.pools[0].cidr 10.90.0.0/16');
    expect(elsewhere).not.toMatch(/edge|secret|10\.90\.128/);
  });
});

describe('pools and routes of peers', () => {
  const claim = (rest: Partial<NetworkClaim> = {}): NetworkClaim => {
    const who = { kind: 'Peer' as const, namespace: 'net', name: 'site', uid: 'uid-site', creationTimestamp: NEW };
    return { ...who, network: '10.90.7.0/24' as Prefix, granted: false, ...rest };
  };
  const [pool] = p('10.90.0.0/16');
  const granted = gateway('me', { granted: p('10.90.0.0/16') });
  const older = gateway('me', { creationTimestamp: OLD });

  it.each([
    ['granted to the peer', {}, { granted: true }, ['RouteOverlap']],
    ['granted to the peer, the gateway is older', { self: older }, { granted: true }, ['RouteOverlap']],
    ['granted to nobody, the gateway is older', { self: older }, {}, []],
    ['granted to nobody, the peer is older', {}, { creationTimestamp: OLD }, ['RouteOverlap']],
    ['granted to the gateway, however old the peer', { self: granted }, { granted: true, creationTimestamp: OLD }, []],
  ] as const)('a network that a peer wants too: %s', (...[, self, route, codes]) => {
    expect(codesOf([pool ?? ''], { ...self, claims: [claim(route)] })).toEqual(codes);
  });

  it('names the peer in the same namespace only', () => {
    const message = (namespace: string) =>
      problemsOf([pool ?? ''], { claims: [claim({ granted: true, namespace })] })[0]?.message;
    expect(message('net')).toBe(
      'spec.pools[0].cidr 10.90.0.0/16 overlaps route 10.90.7.0/24 of peer site; choose a network that no peer has behind it.',
    );
    expect(message('other')).toContain('overlaps a route of a peer elsewhere;');
  });
});
