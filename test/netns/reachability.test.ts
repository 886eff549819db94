import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEVER } from '../../src/dataplane/nftables/never.ts';
import { NEVER_REACHED } from '../../tools/generate/reachability-table.ts';
import { AS_MADE, isReached, probesFor } from './reachability-expected.ts';
import { sh } from './reachability-machines.ts';
import { PROBES, nameOf, sweep } from './reachability-probes.ts';
import { startReachabilityWorld } from './reachability-world.ts';
import type { Change, ReachabilityWorld } from './reachability-world.ts';

let world: ReachabilityWorld;

beforeAll(async () => {
  world = await startReachabilityWorld('reach');
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const open = { peerTraffic: 'Open' } as const;
const unmasked = { masquerade: 'Disabled' } as const;

/** One after the other: each is what the one before became. */
const STATES: readonly (readonly [string, Change['edge'] & object])[] = [
  ['Isolated', {}],
  ['Isolated became Open', open],
  ['masquerade was disabled', { ...open, ...unmasked }],
  ['Open became Isolated', unmasked],
  ['the routes of the gateway were withdrawn', { ...unmasked, routes: [] }],
  ['those of its peers were, too', { ...unmasked, routes: [], peerRoutes: [] }],
  ['Isolated became Open without routes', { ...open, routes: [], peerRoutes: [] }],
  ['the routes of the gateway were given again', { ...open, peerRoutes: [] }],
  ['those of its peers were, too', open],
];

describe('every cell of docs/reference/reachability.md', () => {
  test('is probed in a way that gets through when there is no firewall', async () => {
    await sh(world.machines.node, 'nft delete table inet peerwright');
    // WireGuard takes from a peer what the peer was given, and nothing else.
    const refused = PROBES.filter(({ from }) => from.machine === 'laptop' && from.v4 === '10.20.0.99');
    const outcomes = await sweep(world, PROBES, (probe, { arrived }) => !arrived && !refused.includes(probe));
    const stopped = PROBES.filter((probe) => outcomes.get(probe)?.arrived !== true);
    expect(stopped.map(nameOf)).toEqual(refused.map(nameOf));
    expect(refused.filter((probe) => outcomes.get(probe)?.seen)).toEqual([]);
    expect(outcomes.size).toBe(PROBES.length);
  });

  test.each(STATES)('is as it says: %s', async (_, edge) => {
    await world.load({ edge });
    const state = { ...AS_MADE, ...edge };
    const probes = probesFor(state);
    const outcomes = await sweep(world, probes, (probe, { answered }) => isReached(probe, state) && !answered);
    const wrong = [...outcomes].filter(([probe, { answered, arrived }]) => {
      if (isReached(probe, state)) return !answered;
      // What the node itself sends no firewall of ours stops: without the route nothing leads there, and no answer back.
      return answered || (arrived && probe.source !== 'node');
    });
    expect(wrong.map(([probe, outcome]) => ({ probe: nameOf(probe), ...outcome }))).toEqual([]);
    expect(outcomes.size).toBe(probes.length);
  });

  test('names the networks that are never reached', () => {
    expect(Object.keys(NEVER_REACHED).toSorted()).toEqual([...NEVER].toSorted());
  });
});
