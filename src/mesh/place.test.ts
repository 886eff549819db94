import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeGateway } from './place.ts';
import type { CandidateNode, PlacementInput } from './place.ts';

function node(name: string, rest: Partial<CandidateNode> = {}): CandidateNode {
  return { name, uid: `uid-${name}`, labels: {}, schedulable: true, agentAlive: true, identityPinned: true, ...rest };
}

function place(nodes: CandidateNode[], rest: Partial<PlacementInput> = {}) {
  return placeGateway({ gateway: { uid: 'g' }, nodes, gatewaysOn: new Map(), ...rest });
}

const valueOf = (result: ReturnType<typeof placeGateway>) => (result.ok ? result.value : undefined);

const OBSTACLES: readonly (readonly [Partial<CandidateNode>, string])[] = [
  [{ labels: { vpn: 'no' } }, '1 does not match the selector'],
  [{ schedulable: false }, '1 is unschedulable'],
  [{ agentAlive: false }, '1 has no live agent'],
  [{ identityPinned: false }, '1 has no trusted identity'],
  [{ excluded: 'WireGuardUnavailable' }, '1 reports WireGuardUnavailable'],
];
const gateway = { uid: 'g', nodeSelector: { vpn: 'yes' } };
const labels = { vpn: 'yes' };

describe('placeGateway', () => {
  it.each(OBSTACLES)('does not choose a node with %j and says why', (obstacle, why) => {
    const bad = node('bad', { labels, ...obstacle });
    expect(valueOf(place([bad, node('good', { labels })], { gateway, gatewaysOn: new Map([['good', 9]]) }))).toBe(
      'good',
    );
    expect(place([bad], { gateway })).toEqual({
      ok: false,
      problems: [
        {
          code: 'NoEligibleNode',
          path: 'spec.placement.nodeSelector',
          message: `1 node: ${why}; check spec.placement.nodeSelector and that the agent runs on the nodes meant.`,
        },
      ],
    });
  });

  it('counts each node once in the reason', () => {
    const dead = { labels, agentAlive: false, identityPinned: false };
    const result = place([node('a'), node('b', dead), node('c', dead)], { gateway });
    const [problem] = result.ok ? [] : result.problems;
    expect(problem?.message).toMatch(/^3 nodes: 1 does not match the selector, 2 have no live agent; /);
    const none = place([], { gateway });
    expect(none.ok ? '' : none.problems[0]?.message).toMatch(/^0 nodes; /);
  });

  it.each(['a', 'b', 'c'])('takes the node with the fewest gateways: %s', (least) => {
    const gatewaysOn = new Map([
      ['a', 2],
      ['b', 2],
      ['c', 2],
      [least, 1],
    ]);
    expect(valueOf(place([node('a'), node('b'), node('c')], { gatewaysOn }))).toBe(least);
  });

  it('spreads gateways over equal nodes', () => {
    const nodes = ['a', 'b', 'c'].map((name) => node(name));
    const chosen = Array.from({ length: 40 }, (_, i) => valueOf(place(nodes, { gateway: { uid: `g${i}` } })));
    expect(new Set(chosen).size).toBe(3);
  });

  it('stays where it is, cordoned or not, however full the node', () => {
    const gatewaysOn = new Map([['home', 50]]);
    for (const schedulable of [true, false])
      expect(valueOf(place([node('home', { schedulable }), node('b')], { current: 'home', gatewaysOn }))).toBe('home');
  });

  it.each(OBSTACLES.filter(([obstacle]) => obstacle.schedulable === undefined))(
    'leaves a node that has %j',
    (obstacle) => {
      const nodes = [node('home', { labels, ...obstacle }), node('b', { labels })];
      expect(valueOf(place(nodes, { gateway, current: 'home' }))).toBe('b');
    },
  );

  it('moves when its node is gone', () => {
    expect(valueOf(place([node('b')], { current: 'home' }))).toBe('b');
  });

  it('does not depend on the order of nodes', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => node(name));
    const wanted = valueOf(place(nodes));
    fc.assert(
      fc.property(fc.shuffledSubarray(nodes, { minLength: nodes.length }), (mixed) => {
        expect(valueOf(place(mixed))).toBe(wanted);
      }),
    );
  });
});
