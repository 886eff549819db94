import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MAX_ROUTES } from '../../api/v1alpha1/route.ts';
import { overlaps } from '../ip/prefix.ts';
import type { Prefix } from '../model.ts';
import type { NetworkClaim, RoutesToCheck } from './routes.ts';
import { allows, checkRoutes, claimedRoutes } from './routes.ts';

const OLD = '2026-01-01T00:00:00Z';
const NEW = '2026-06-01T00:00:00Z';
const SITE = '192.168.7.0/24';
const OTHER = '192.168.9.0/24';
const p = (...texts: string[]): Prefix[] => texts as Prefix[];

interface Situation {
  asked?: string[];
  had?: string[];
  allowed?: string[];
  soon?: string[];
  created?: string;
  claims?: NetworkClaim[];
  cluster?: string;
}

function check({ asked = [SITE], had = [], soon = [], claims = [], cluster, ...rest }: Situation = {}) {
  const decided = p(...(rest.allowed ?? ['192.168.0.0/16']));
  const input: RoutesToCheck = {
    self: { uid: 'me', namespace: 'net', creationTimestamp: rest.created ?? NEW },
    routes: asked,
    granted: had,
    gateway: { name: 'edge', allowance: { decided, asked: [...decided, ...p(...soon)] } },
    clusterNetworkOn: (network) =>
      cluster !== undefined && overlaps(cluster as Prefix, network)
        ? { what: 'the service network', prefix: cluster as Prefix }
        : undefined,
    claimsOn: (network) => claims.filter((claim) => overlaps(claim.network, network)),
  };
  return checkRoutes(input);
}

function claim(rest: Partial<NetworkClaim> = {}): NetworkClaim {
  const who = { kind: 'Peer' as const, namespace: 'net', name: 'site', uid: 'other', creationTimestamp: NEW };
  return { ...who, network: SITE as Prefix, granted: false, ...rest };
}

/** `granted` or the code of the problem, and what the peer is to have. */
function verdict(situation: Situation): string {
  const { routes, problems } = check(situation);
  return `${problems.map(({ code }) => code).join() || 'granted'}: ${routes.join(' ') || 'nothing'}`;
}

describe('one route', () => {
  test.each([
    ['allowed and free', {}, `granted: ${SITE}`],
    ['outside what is allowed', { allowed: ['10.0.0.0/8'] }, 'RouteNotAllowed: nothing'],
    ['wider than what is allowed', { allowed: ['192.168.7.0/25'] }, 'RouteNotAllowed: nothing'],
    ['nothing is allowed', { allowed: [] }, 'RouteNotAllowed: nothing'],
    ['not allowed any more', { allowed: [], had: [SITE] }, 'RouteNotAllowed: nothing'],
    ['allowed soon', { allowed: [], soon: [SITE] }, 'GatewayNotReady: nothing'],
    ['granted, and allowed soon again', { allowed: [], soon: [SITE], had: [SITE] }, `GatewayNotReady: ${SITE}`],
    ['a network of the cluster', { cluster: '192.168.0.0/17' }, 'ClusterOverlap: nothing'],
    ['granted, then a network of the cluster', { cluster: SITE, had: [SITE] }, `ClusterOverlap: ${SITE}`],
    ['link-local', { asked: ['169.254.1.0/24'], allowed: ['169.0.0.0/8'] }, 'ClusterOverlap: nothing'],
    ['a default route', { asked: ['0.0.0.0/0'], allowed: ['0.0.0.0/0'] }, 'InvalidObject: nothing'],
    ['not canonical', { asked: ['192.168.7.1/24'] }, 'InvalidObject: nothing'],
    ['granted to another', { created: OLD, claims: [claim({ granted: true })] }, 'RouteOverlap: nothing'],
    ['granted to me', { had: [SITE], claims: [claim({ creationTimestamp: OLD })] }, `granted: ${SITE}`],
    ['granted to nobody, I am older', { created: OLD, claims: [claim()] }, `granted: ${SITE}`],
    ['granted to nobody, I am younger', { claims: [claim({ creationTimestamp: OLD })] }, 'RouteOverlap: nothing'],
    ['granted to nobody, same age, lower uid', { claims: [claim()] }, `granted: ${SITE}`],
    [
      'granted to both, I am older',
      { created: OLD, had: [SITE], claims: [claim({ granted: true })] },
      `granted: ${SITE}`,
    ],
    [
      'granted to both, I am younger',
      { had: [SITE], claims: [claim({ granted: true, creationTimestamp: OLD })] },
      'RouteOverlap: nothing',
    ],
    [
      'around what another has',
      { asked: ['192.168.0.0/16'], claims: [claim({ granted: true })] },
      'RouteOverlap: nothing',
    ],
    [
      'inside what another has',
      { asked: ['192.168.7.8/29'], claims: [claim({ granted: true })] },
      'RouteOverlap: nothing',
    ],
    ['beside what another has', { claims: [claim({ granted: true, network: OTHER as Prefix })] }, `granted: ${SITE}`],
    ['my own claim among the others', { claims: [claim({ uid: 'me', granted: true })] }, `granted: ${SITE}`],
    [
      'a pool that is granted',
      { created: OLD, claims: [claim({ kind: 'Gateway', granted: true })] },
      'RouteOverlap: nothing',
    ],
    [
      'granted to me and, as a pool, to a gateway',
      { created: OLD, had: [SITE], claims: [claim({ kind: 'Gateway', granted: true })] },
      'RouteOverlap: nothing',
    ],
    [
      'a younger gateway wants it as a pool',
      { created: OLD, claims: [claim({ kind: 'Gateway' })] },
      `granted: ${SITE}`,
    ],
  ] as const)('%s', (...[, situation, expected]) => {
    expect(verdict(situation as Situation)).toBe(expected);
  });
});

describe('several routes', () => {
  const taken = [claim({ granted: true, network: OTHER as Prefix })];

  it('are granted or refused together; what was granted before stays as far as it is asked for', () => {
    expect(verdict({ asked: [OTHER, SITE], claims: taken })).toBe('RouteOverlap: nothing');
    expect(verdict({ asked: [OTHER, SITE], had: [SITE], claims: taken })).toBe(`RouteOverlap: ${SITE}`);
    expect(verdict({ asked: [OTHER], had: [SITE], claims: taken })).toBe('RouteOverlap: nothing');
  });

  it('stay as they were when one grows into what is refused, and shrink even so', () => {
    expect(verdict({ asked: ['192.168.0.0/16'], had: [SITE], claims: taken })).toBe(`RouteOverlap: ${SITE}`);
    expect(verdict({ asked: ['192.168.7.0/25', OTHER], had: [SITE], claims: taken })).toBe(
      'RouteOverlap: 192.168.7.0/25',
    );
    expect(verdict({ asked: [SITE, OTHER], had: [SITE], claims: taken, allowed: ['192.168.7.0/25', OTHER] })).toBe(
      'RouteNotAllowed,RouteOverlap: nothing',
    );
  });

  it('stay the same way when the peer is refused for another reason', () => {
    expect(check({ asked: [OTHER, SITE], had: [SITE] })).toMatchObject({ routes: [SITE, OTHER], kept: [SITE] });
    expect(check({ asked: [SITE], had: [SITE, OTHER] }).kept).toEqual([SITE]);
    expect(check({ asked: [SITE], had: [SITE], allowed: [] }).kept).toEqual([]);
  });

  it('are never more than a status holds, however they lie inside each other', () => {
    const inside = (first: number, count: number) =>
      Array.from({ length: count }, (_, index) => `192.168.${first + index}.0/24`);
    const had = ['192.168.0.0/16', ...inside(0, MAX_ROUTES - 1)];
    const asked = ['192.168.0.0/16', ...inside(100, MAX_ROUTES - 2), '10.0.0.0/8'];
    const { kept, problems } = check({ asked, had });
    expect([problems.length, kept.length]).toEqual([1, MAX_ROUTES]);
    expect(kept).toEqual(expect.arrayContaining(had));
    const claimed = claimedRoutes(p(...asked), p(...had)).filter(({ granted }) => granted);
    expect(claimed.map(({ network }) => network).toSorted()).toEqual(had.toSorted());
  });

  it('come sorted and once', () => {
    expect(check({ asked: [OTHER, SITE, OTHER] }).routes).toEqual([SITE, OTHER]);
  });
});

describe('the message', () => {
  const message = (situation: Situation) => check(situation).problems[0]?.message;

  it('says what is allowed, not more than fits', () => {
    expect(message({ allowed: ['10.0.0.0/8'] })).toBe(
      `spec.routes[0] ${SITE} lies outside 10.0.0.0/8, all that gateway edge allows; leave it out, or have it added to allowedPeerRoutes of the gateway.`,
    );
    expect(message({ allowed: [] })).toContain('lies outside everything: there is nothing that gateway edge allows;');
    const many = Array.from({ length: 7 }, (_, index) => `10.${index}.0.0/16`);
    expect(message({ allowed: many })).toContain('10.3.0.0/16 and 3 more, all that');
  });

  it('names who has the network in the same namespace only', () => {
    const of = (rest: Partial<NetworkClaim>) => message({ claims: [claim({ granted: true, ...rest })] });
    expect(of({ network: '192.168.0.0/20' as Prefix })).toBe(
      `spec.routes[0] ${SITE} overlaps route 192.168.0.0/20 of peer site; choose a network of its own, or have it given up there first.`,
    );
    expect(of({ namespace: 'far' })).toContain('overlaps a route of a peer elsewhere;');
    expect(of({ kind: 'Gateway' })).toContain(`overlaps pool ${SITE} of gateway site;`);
    expect(of({ kind: 'Gateway', namespace: 'far' })).toContain('overlaps a pool of a gateway elsewhere;');
  });

  it('names the same one in whatever order the claims come', () => {
    const claims = ['b', 'a', 'c'].map((name) => claim({ name, uid: name, granted: name !== 'c' }));
    const said = [claims, claims.toReversed()].map((order) => message({ claims: order }));
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toContain('of peer a;');
  });
});

test.each([
  [[SITE], [SITE], `${SITE} granted`],
  [[SITE], [], `${SITE} wanted`],
  [[], [SITE], ''],
  [['192.168.7.0/25'], [SITE], '192.168.7.0/25 granted'],
  [['192.168.0.0/16'], [SITE], `${SITE} granted, 192.168.0.0/16 wanted`],
  [undefined, [SITE], `${SITE} granted`],
])('a peer that asks for %j and was granted %j claims %s', (asked, had, expected) => {
  const claims = claimedRoutes(asked && p(...asked), p(...had));
  expect(claims.map(({ network, granted }) => `${network} ${granted ? 'granted' : 'wanted'}`).join(', ')).toBe(
    expected,
  );
});

test('an allowance holds for everything inside it, and soon for what is only asked for', () => {
  const allowance = { decided: p('10.0.0.0/8'), asked: p('192.168.0.0/16') };
  expect(p('10.1.0.0/16', '192.168.1.0/24', '172.16.0.0/12').map((one) => allows(allowance, one))).toEqual([
    'now',
    'soon',
    'not',
  ]);
});

test('of any two peers, each seeing the other as it is, at most one gets networks that overlap', () => {
  const routes = fc.uniqueArray(
    fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.1.0/24', '10.2.0.0/16', '11.0.0.0/8'),
    {
      maxLength: 3,
    },
  );
  const peer = fc.record({ asked: routes, had: routes, created: fc.constantFrom(OLD, NEW) });
  fc.assert(
    fc.property(peer, peer, (left, right) => {
      const seenAs = (uid: string, { asked, had, created }: typeof left): NetworkClaim[] =>
        claimedRoutes(p(...asked), p(...had)).map((one) => claim({ ...one, uid, creationTimestamp: created }));
      const allowed = ['0.0.0.0/0'];
      // `self` is always called me; one that sorts before it, one that sorts after
      const mine = check({ ...left, allowed, claims: seenAs('zz', right) }).routes;
      const theirs = check({ ...right, allowed, claims: seenAs('aa', left) }).routes;
      expect(mine.filter((a) => theirs.some((b) => overlaps(a, b)))).toEqual([]);
    }),
  );
});
