import { expect, test } from 'vitest';
import { announce } from './announce.ts';
import { meta, THEN } from './operator.testing.ts';

const dated = { observedGeneration: 1, lastTransitionTime: THEN };
const stalled = (reason: string, message = 'why') => ({
  ...meta('p'),
  status: { conditions: [{ type: 'Stalled', status: 'True' as const, reason, message, ...dated }] },
});
const fine = { ...meta('p'), status: {} };
const ready = {
  ...meta('p'),
  status: { conditions: [{ type: 'Ready', status: 'True' as const, reason: 'Programmed', message: '', ...dated }] },
};

test.each([
  ['a stop', fine, stalled('AddressInUse'), ['Warning AddressInUse why']],
  ['another reason', stalled('AddressInUse'), stalled('PoolExhausted', 'full'), ['Warning PoolExhausted full']],
  ['another message', stalled('AddressInUse'), stalled('AddressInUse', 'by b'), ['Warning AddressInUse by b']],
  ['going on', stalled('AddressInUse'), ready, ['Normal Accepted No longer AddressInUse.']],
  ['nothing new', stalled('AddressInUse'), stalled('AddressInUse'), []],
  ['the healthy path', fine, ready, []],
] as const)('%s', (...[, before, after, expected]) => {
  const told: string[] = [];
  const emit = ({ type, reason, note }: { type: string; reason: string; note?: string }) => {
    told.push(`${type} ${reason} ${note}`);
  };
  announce('WireGuardPeer', { before, after }, { emit });
  expect(told).toEqual(expected);
});
