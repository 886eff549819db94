import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../model.ts';
import { addressFrom, compareAddresses, familyOf, numberOf, parseAddress, sortAddresses } from './address.ts';

const v4 = fc.bigInt(0n, 2n ** 32n - 1n).map((value) => ({ family: 4 as const, value }));
/** Groups are often zero, so that every shape of `::` comes up. */
const v6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n))
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value) => ({ family: 6 as const, value }));
const any = fc.oneof(v4, v6);

describe('parseAddress', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    'fd00:90::107',
    '2001:db8:0:1:1:1:1:1',
    '1:0:0:2::3',
  ])('accepts %s', (text) => {
    expect(parseAddress(text)).toBe(text);
  });

  it.each([
    '',
    '10.1',
    '010.0.0.1',
    '1.2.3.256',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4/32',
    '1.2.3.4\n',
    '1.2.3.4.5',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    'FD00::1',
    'fd00::0001',
    'fd00:0:0:0:0:0:0:1',
    '2001:db8::1:1:1:1:1',
    '1:0:0:0:2::3',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    '::ffff:102:304',
    '::1.2.3.4',
    '[::1]',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'fd00::12345',
    'x',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('gives each number one text, which reads back as that number', () => {
    fc.assert(
      fc.property(any, ({ family, value }) => {
        const address = addressFrom(family, value);
        expect(isIP(address)).toBe(family);
        expect(familyOf(address)).toBe(family);
        expect(parseAddress(address)).toBe(address);
        expect(numberOf(address)).toBe(value);
      }),
    );
  });

  it('writes IPv6 as the URL standard does', () => {
    fc.assert(
      fc.property(v6, ({ family, value }) => {
        const address = addressFrom(family, value);
        expect(`[${address}]`).toBe(new URL(`http://[${address}]`).hostname);
      }),
    );
  });
});

describe('addressFrom', () => {
  it('refuses numbers outside the family', () => {
    expect(() => addressFrom(4, 2n ** 32n)).toThrow(RangeError);
    expect(() => addressFrom(6, 2n ** 128n)).toThrow(RangeError);
    expect(() => addressFrom(6, -1n)).toThrow(RangeError);
  });
});

describe('order of addresses', () => {
  it('is IPv4 first, then numeric', () => {
    const texts = ['fd00::1', '10.0.0.10', '::1', '10.0.0.9', '200.0.0.1'] as Address[];
    expect(sortAddresses(texts)).toEqual(['10.0.0.9', '10.0.0.10', '200.0.0.1', '::1', 'fd00::1']);
  });

  it('agrees with the numbers', () => {
    fc.assert(
      fc.property(v6, v6, (a, b) => {
        const sign = Math.sign(compareAddresses(addressFrom(6, a.value), addressFrom(6, b.value)));
        expect(sign).toBe(a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
      }),
    );
  });
});
