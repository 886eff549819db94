import { expect, test } from 'vitest';
import type { KeyDelivery } from '../key-delivery.ts';
import { meta, nodeView, reportView } from '../operator.testing.ts';
import { identityFor } from './identity.ts';

const IN_FORCE: KeyDelivery = { kind: 'InForce' };
const SETTLING: KeyDelivery = { kind: 'Settling' };
const UNSAFE: KeyDelivery = { kind: 'Unsafe', problems: [] };
const shows = (recipient?: string, nodeUID = 'uid-n1') =>
  reportView('n1', 0, { nodeUID, ...(recipient && { recipient }) }).spec;
const pinned = (recipient: string, nodeUID = 'uid-n1') => ({
  ...meta('n1'),
  spec: { identity: { nodeUID, recipient }, gateways: [] },
});

test.each([
  ['what is pinned stays, whatever the agent shows', pinned('a'), shows('b'), IN_FORCE, 'a'],
  ['what is pinned stays while the policies are not in force', pinned('a'), shows('a'), UNSAFE, 'a'],
  ['what is pinned stays without a report', pinned('a'), undefined, SETTLING, 'a'],
  ['the first one shown is pinned', undefined, shows('a'), IN_FORCE, 'a'],
  ['a new Node of the name gets what its agent shows', pinned('a', 'older'), shows('b'), IN_FORCE, 'b'],
  ['nothing is pinned while the policies settle', undefined, shows('a'), SETTLING, undefined],
  ['nothing is pinned while they are weaker', undefined, shows('a'), UNSAFE, undefined],
  ['nothing is pinned that another Node shows', undefined, shows('a', 'older'), IN_FORCE, undefined],
  ['nothing is pinned when nothing is shown', undefined, shows(), IN_FORCE, undefined],
  ['nothing is pinned without a report', undefined, undefined, IN_FORCE, undefined],
] as const)('%s', (...[, config, report, delivery, recipient]) => {
  const identity = identityFor(nodeView('n1'), { config, report, delivery });
  expect(identity).toEqual(recipient && { nodeUID: 'uid-n1', recipient });
});
