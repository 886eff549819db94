import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFrom } from '../ip/address.ts';
import { overlaps, prefixOf } from '../ip/prefix.ts';
import type { Prefix } from '../model.ts';
import { NetworkIndex } from './network-index.ts';

/** Few addresses and many lengths, so that networks often overlap. */
const network = fc.oneof(
  fc.tuple(fc.nat(7), fc.nat(32)).map(([low, length]) => prefixOf(addressFrom(4, BigInt(low) << 29n), length)),
  fc.tuple(fc.nat(7), fc.nat(128)).map(([low, length]) => prefixOf(addressFrom(6, BigInt(low) << 62n), length)),
);

describe('NetworkIndex', () => {
  it('finds what a look at every network finds, whatever was added and removed', () => {
    const change = fc.record({ network, value: fc.nat(3), adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), network, (changes, asked) => {
        const index = new NetworkIndex<number>();
        const held = new Map<string, { network: Prefix; value: number }>();
        for (const { network: one, value, adds } of changes) {
          const key = `${one} ${value}`;
          if (adds) {
            index.add(one, value);
            held.set(key, { network: one, value });
          } else {
            index.remove(one, value);
            held.delete(key);
          }
        }
        const expected = [...held.values()].filter((entry) => overlaps(entry.network, asked)).map(({ value }) => value);
        const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);
        expect(ascending([...index.overlapping(asked)])).toEqual(ascending(expected));
      }),
    );
  });

  it('tells the families apart, default routes too', () => {
    const index = new NetworkIndex<string>();
    index.add('0.0.0.0/0' as Prefix, 'v4');
    index.add('::/0' as Prefix, 'v6');
    expect([...index.overlapping('10.0.0.0/8' as Prefix)]).toEqual(['v4']);
    expect([...index.overlapping('fd00::/8' as Prefix)]).toEqual(['v6']);
  });
});
