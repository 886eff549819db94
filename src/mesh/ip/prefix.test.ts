import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address, Prefix } from '../model.ts';
import { addressFrom, familyOf, numberOf } from './address.ts';
import {
  addressOf,
  contains,
  hostPrefix,
  lastAddress,
  lengthOf,
  networkAddress,
  overlaps,
  parsePrefix,
  prefixOf,
  sortPrefixes,
} from './prefix.ts';

const p = (text: string): Prefix => parsePrefix(text) ?? expect.fail(`not canonical: ${text}`);
/** Close together, so that containment is common. */
const v4 = fc.integer({ min: 0, max: 1023 }).map((n) => addressFrom(4, 0x0a000000n + BigInt(n) * 16411n));
const v6 = fc
  .tuple(fc.integer({ min: 0, max: 127 }), fc.integer())
  .map(([shift, n]) => addressFrom(6, (0xfdn << 120n) ^ (((BigInt(n) & 0xffn) << BigInt(shift)) % (1n << 128n))));
const address: fc.Arbitrary<Address> = fc.oneof(v4, v6);
const prefix = fc
  .tuple(address, fc.integer({ min: 0, max: 128 }))
  .map(([base, length]) => prefixOf(base, familyOf(base) === 4 ? Math.floor(length / 4) : length))
  .filter((text) => parsePrefix(text) !== undefined);

describe('parsePrefix', () => {
  it.each(['0.0.0.0/0', '10.0.0.0/8', '10.0.0.1/32', '::/0', 'fd00:90::/64', 'fd00::1/128'])('accepts %s', (text) => {
    expect(parsePrefix(text)).toBe(text);
  });

  it.each([
    '',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/+8',
    '10.0.0.1/8',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '10.0/16',
    'FD00::/8',
    'fd00::/129',
    'fd00::1/64',
    'fd00:0::/64',
    '::ffff:0:0/96',
    '10.0.0.0/255.0.0.0',
    '/8',
  ])('refuses %j', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  it('accepts exactly what prefixOf makes', () => {
    fc.assert(
      fc.property(prefix, (text) => {
        expect(prefixOf(networkAddress(text), lengthOf(text))).toBe(text);
      }),
    );
  });
});

describe('contains and overlaps', () => {
  it('agree with the block list of Node for addresses', () => {
    fc.assert(
      fc.property(prefix, address, (outer, inner) => {
        const list = new BlockList();
        list.addSubnet(networkAddress(outer), lengthOf(outer), familyOf(outer) === 4 ? 'ipv4' : 'ipv6');
        const expected =
          familyOf(outer) === familyOf(inner) && list.check(inner, familyOf(inner) === 4 ? 'ipv4' : 'ipv6');
        expect(contains(outer, inner)).toBe(expected);
        expect(contains(outer, hostPrefix(inner))).toBe(expected);
      }),
    );
  });

  it('agree with the ranges of numbers for networks', () => {
    fc.assert(
      fc.property(prefix, prefix, (a, b) => {
        const [a0, a1, b0, b1] = [networkAddress(a), lastAddress(a), networkAddress(b), lastAddress(b)].map(
          numberOf,
        ) as [bigint, bigint, bigint, bigint];
        const same = familyOf(a) === familyOf(b);
        expect(contains(a, b)).toBe(same && a0 <= b0 && b1 <= a1);
        expect(overlaps(a, b)).toBe(same && a0 <= b1 && b0 <= a1);
      }),
    );
  });

  it('tell apart neighbours at both ends', () => {
    expect(contains(p('10.1.0.0/16'), p('10.1.255.255/32'))).toBe(true);
    expect(contains(p('10.1.0.0/16'), p('10.2.0.0/32'))).toBe(false);
    expect(contains(p('10.1.1.0/24'), p('10.1.0.0/16'))).toBe(false);
    expect(contains(p('0.0.0.0/0'), p('::/0'))).toBe(false);
  });
});

describe('host prefixes', () => {
  it('stand for one address', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(addressOf(hostPrefix(one))).toBe(one);
      }),
    );
    expect(addressOf(p('10.0.0.0/31'))).toBeUndefined();
  });

  it('end where they begin', () => {
    expect(lastAddress(p('10.0.0.7/32'))).toBe('10.0.0.7');
    expect(lastAddress(p('10.0.0.0/22'))).toBe('10.0.3.255');
    expect(lastAddress(p('fd00::/120'))).toBe('fd00::ff');
    expect(lastAddress(p('0.0.0.0/0'))).toBe('255.255.255.255');
  });
});

describe('sortPrefixes', () => {
  it('puts IPv4 first, then the lower, then the wider network', () => {
    const wanted = ['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/16', '200.0.0.0/8', '::/0', 'fd00::/64'].map(p);
    fc.assert(
      fc.property(fc.shuffledSubarray(wanted, { minLength: wanted.length }), (mixed) => {
        expect(sortPrefixes(mixed)).toEqual(wanted);
      }),
    );
  });
});
