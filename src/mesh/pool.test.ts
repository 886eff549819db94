import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFrom, familyOf, numberOf } from './ip/address.ts';
import { lengthOf, networkAddress, prefixOf } from './ip/prefix.ts';
import type { Address } from './model.ts';
import { capacityOf, hasPoolLength, isAssignable, isAutomatic, parsePool } from './pool.ts';
import type { PoolSpace } from './pool.ts';

const spaceOf = (cidr: string, rest: { gatewayAddress?: string; reserved?: string[] } = {}): PoolSpace =>
  parsePool({ cidr, ...rest }) ?? expect.fail(`no pool: ${cidr}`);
const a = (text: string): Address => text as Address;

function* addressesOf(space: PoolSpace, count: number): Generator<Address> {
  const first = numberOf(networkAddress(space.cidr));
  for (let i = 0; i < count; i++) yield addressFrom(familyOf(space.cidr), first + BigInt(i));
}

describe('parsePool', () => {
  it('gives the gateway the first usable address unless it asks for another', () => {
    expect(spaceOf('10.90.0.0/16').gatewayAddress).toBe('10.90.0.1');
    expect(spaceOf('fd00:90::/64').gatewayAddress).toBe('fd00:90::1');
    expect(spaceOf('10.90.0.0/16', { gatewayAddress: '10.90.3.4' }).gatewayAddress).toBe('10.90.3.4');
  });

  it.each([
    { cidr: '10.0.0.1/24' },
    { cidr: '10.0.0.0/31' },
    { cidr: '10.0.0.0/7' },
    { cidr: 'fd00::/47' },
    { cidr: 'fd00::/127' },
    { cidr: '10.0.0.0/24', gatewayAddress: '10.0.1.1' },
    { cidr: '10.0.0.0/24', gatewayAddress: '10.0.0.0' },
    { cidr: '10.0.0.0/24', gatewayAddress: '10.0.0.255' },
    { cidr: '10.0.0.0/24', gatewayAddress: 'x' },
    { cidr: '10.0.0.0/24', reserved: ['10.0.0.1/25'] },
  ])('refuses %j', (pool) => {
    expect(parsePool(pool)).toBeUndefined();
  });
});

describe('isAssignable and isAutomatic', () => {
  const v4 = spaceOf('10.0.0.0/22', { gatewayAddress: '10.0.1.7', reserved: ['10.0.2.0/24'] });
  const v6 = spaceOf('fd00::/64');

  it.each([
    { space: v4, address: '10.0.0.0', assignable: false, automatic: false },
    { space: v4, address: '10.0.0.1', assignable: true, automatic: true },
    { space: v4, address: '10.0.0.255', assignable: true, automatic: true },
    { space: v4, address: '10.0.1.7', assignable: false, automatic: false },
    { space: v4, address: '10.0.2.9', assignable: true, automatic: false },
    { space: v4, address: '10.0.3.254', assignable: true, automatic: true },
    { space: v4, address: '10.0.3.255', assignable: false, automatic: false },
    { space: v4, address: '10.0.4.0', assignable: false, automatic: false },
    { space: v4, address: 'fd00::5', assignable: false, automatic: false },
    { space: v6, address: 'fd00::', assignable: false, automatic: false },
    { space: v6, address: 'fd00::1', assignable: false, automatic: false },
    { space: v6, address: 'fd00::ffff', assignable: true, automatic: true },
    { space: v6, address: 'fd00::1:0', assignable: true, automatic: false },
    { space: v6, address: 'fd00::ffff:ffff:ffff:ffff', assignable: true, automatic: false },
    { space: v6, address: 'fd00:0:0:1::', assignable: false, automatic: false },
  ])(
    'in $space.cidr: $address is assignable $assignable, automatic $automatic',
    ({ space, address, assignable, automatic }) => {
      expect(isAssignable(space, a(address))).toBe(assignable);
      expect(isAutomatic(space, a(address))).toBe(automatic);
    },
  );
});

describe('capacityOf', () => {
  it.each([
    ['10.90.0.0/16', ['10.90.0.0/24'], 65_536 - 256 - 1],
    ['10.0.0.0/30', [], 1],
    ['fd00::/64', [], 65_534],
    ['fd00::/126', [], 2],
    ['10.0.0.0/24', ['10.0.0.0/24'], 0],
    ['fd00::/64', ['fd00::1:0/112'], 65_534],
  ])('of %s without %j is %i', (cidr, reserved, capacity) => {
    expect(capacityOf(spaceOf(cidr, { reserved }))).toBe(capacity);
  });

  it('counts a network that is reserved twice once', () => {
    expect(capacityOf(spaceOf('10.0.0.0/24', { reserved: ['10.0.0.128/26', '10.0.0.128/26', '10.0.0.160/27'] }))).toBe(
      256 - 64 - 3,
    );
  });

  it('does not miss a gateway address that is not among the automatic ones', () => {
    expect(capacityOf(spaceOf('fd00::/64', { gatewayAddress: 'fd00::1:5' }))).toBe(65_535);
  });

  it('is the number of automatic addresses', () => {
    const cases = fc.record({
      base: fc.constantFrom(a('10.1.2.3'), a('fd00::1234')),
      bits: fc.integer({ min: 2, max: 10 }),
      gateway: fc.nat(),
      reserved: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 10 })), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(cases, ({ base, bits, gateway, reserved }) => {
        const full = familyOf(base) === 4 ? 32 : 128;
        const cidr = prefixOf(base, full - bits);
        expect(hasPoolLength(cidr)).toBe(true);
        const first = numberOf(networkAddress(cidr));
        const at = (offset: number): Address => addressFrom(familyOf(base), first + BigInt(offset % 2 ** bits));
        const space: PoolSpace = {
          cidr,
          gatewayAddress: at(1 + (gateway % (2 ** bits - 2))),
          reserved: reserved.map(([offset, size]) => prefixOf(at(offset), full - Math.min(size, bits))),
        };
        const automatic = addressesOf(space, 2 ** (full - lengthOf(cidr))).filter((one) => isAutomatic(space, one));
        expect(capacityOf(space)).toBe([...automatic].length);
      }),
    );
  });
});
