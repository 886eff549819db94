import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { addressFrom } from './ip/address.ts';
import { overlaps, prefixOf } from './ip/prefix.ts';
import type { Prefix } from './model.ts';
import { conflictProblem, routeConflicts } from './route-conflict.ts';
import type { OccupiedNetwork } from './route-conflict.ts';

const network = (prefix: string, kind: OccupiedNetwork['kind'] = 'Route'): OccupiedNetwork => ({
  prefix: prefix as Prefix,
  what: `the ${kind} ${prefix}`,
  kind,
});
const conflicts = (wanted: string, ...occupied: OccupiedNetwork[]) =>
  routeConflicts([wanted as Prefix], occupied).get(wanted as Prefix)?.prefix;

test.each([
  ['10.1.0.0/16', network('10.1.0.0/16')],
  ['10.1.0.0/16', network('10.0.0.0/8')],
  ['10.1.0.0/16', network('10.1.2.0/24')],
  ['fd00:1::/64', network('fd00::/16')],
  ['10.1.0.0/16', network('10.1.2.3/32', 'Address')],
  ['10.1.2.3/32', network('10.1.2.3/32', 'Address')],
  ['10.1.0.0/16', network('10.1.2.3/32', 'Resolver')],
  ['fd00:1::/64', network('fd00:1::5/128', 'ApiServer')],
])('%s is in conflict with %j', (wanted, occupied) => {
  expect(conflicts(wanted, occupied)).toBe(occupied.prefix);
});

test.each([
  ['10.1.0.0/16', network('10.2.0.0/16')],
  ['10.1.0.0/16', network('0.0.0.0/0')],
  ['fd00:1::/64', network('::/0')],
  ['10.1.0.0/16', network('10.2.2.3/32', 'Address')],
  ['10.1.0.0/16', network('fd00:1::5/128', 'ApiServer')],
  ['10.1.2.0/24', network('10.1.0.0/16', 'Address')],
])('%s is in no conflict with %j', (wanted, occupied) => {
  expect(conflicts(wanted, occupied)).toBeUndefined();
});

it('finds a foreign route among many exactly when one overlaps', () => {
  const prefix = fc
    .tuple(fc.nat(0xff), fc.integer({ min: 24, max: 32 }))
    .map(([host, length]) => prefixOf(addressFrom(4, 0x0a000000n + BigInt(host)), length));
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 8 }), fc.array(prefix, { maxLength: 8 }), (wanted, foreign) => {
      const found = routeConflicts(
        wanted,
        foreign.map((each) => network(each)),
      );
      const expected = wanted.filter((each) => foreign.some((other) => overlaps(each, other)));
      expect([...found.keys()].toSorted()).toEqual([...new Set(expected)].toSorted());
    }),
  );
});

it('says which network and what stands there', () => {
  const problem = conflictProblem('10.1.0.0/16' as Prefix, network('10.0.0.0/8'));
  expect(problem).toMatchObject({ code: 'RouteConflict', message: expect.stringMatching(/10.1.0.0\/16.*10.0.0.0\/8/) });
});
