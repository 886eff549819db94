import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressAt, blockCidr, blockCount, blockOf, blocksOfPool } from './blocks.ts';
import { addressFrom } from './ip/address.ts';
import { contains, lengthOf } from './ip/prefix.ts';
import type { Address } from './model.ts';
import { parsePool } from './pool.ts';
import type { PoolSpace } from './pool.ts';

const spaceOf = (cidr: string): PoolSpace => parsePool({ cidr }) ?? expect.fail(`no pool: ${cidr}`);
const namesOf = (cidr: string): string[] => [...blocksOfPool(spaceOf(cidr))].map((block) => block.name);

describe('blockOf', () => {
  it('names blocks after their first address', () => {
    expect(blockOf('10.90.1.7' as Address)).toEqual({ name: 'v4-0a5a0100', cidr: '10.90.1.0/24', offset: 7 });
    expect(blockOf('fd00:90::107' as Address)).toEqual({
      name: 'v6-fd000090000000000000000000000100',
      cidr: 'fd00:90::100/120',
      offset: 7,
    });
    expect(blockOf('200.0.0.255' as Address)).toEqual({ name: 'v4-c8000000', cidr: '200.0.0.0/24', offset: 255 });
  });

  it('is undone by blockCidr and addressAt', () => {
    const address = fc.oneof(
      fc.bigInt(0n, 2n ** 32n - 1n).map((value) => addressFrom(4, value)),
      fc.bigInt(2n ** 64n, 2n ** 128n - 1n).map((value) => addressFrom(6, value)),
    );
    fc.assert(
      fc.property(address, (one) => {
        const { name, cidr, offset } = blockOf(one);
        expect(blockCidr(name)).toBe(cidr);
        expect(contains(cidr, one)).toBe(true);
        expect(lengthOf(cidr)).toBe(one.includes(':') ? 120 : 24);
        expect(addressAt(cidr, offset)).toBe(one);
      }),
    );
  });
});

describe('blockCidr', () => {
  it.each(['', 'v4-0a5a0101', 'v4-0A5A0100', 'v4-a5a0100', 'v5-0a5a0100', 'v6-0a5a0100', 'v4-0a5a0100x', '10.0.0.0'])(
    'does not take %j for a name',
    (name) => {
      expect(blockCidr(name)).toBeUndefined();
    },
  );
});

describe('blocksOfPool', () => {
  it('lists the blocks of a pool in order', () => {
    expect(namesOf('10.0.0.0/22')).toEqual(['v4-0a000000', 'v4-0a000100', 'v4-0a000200', 'v4-0a000300']);
    const v6 = namesOf('fd00::/64');
    expect(v6.length).toBe(256);
    expect(v6[255]).toBe('v6-fd00000000000000000000000000ff00');
    expect(v6).toEqual(v6.toSorted());
  });

  it('puts a pool smaller than a block into a part of one', () => {
    expect(namesOf('10.0.0.128/30')).toEqual(['v4-0a000000']);
    expect(namesOf('fd00::80/126')).toEqual(['v6-fd000000000000000000000000000000']);
  });

  it('makes them one by one', () => {
    const space = spaceOf('10.0.0.0/8');
    expect(blockCount(space.cidr)).toBe(65_536);
    expect(blocksOfPool(space).take(1).toArray()).toEqual([{ name: 'v4-0a000000', cidr: '10.0.0.0/24' }]);
  });
});
