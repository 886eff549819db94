import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsNetwork, firstAddress, formatIp, formatNetwork, lastAddress, parseIp, parseNetwork } from './ip.ts';

const v4 = fc.record({ bits: fc.constant(32 as const), value: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }) });
/** Groups are often zero, so that there are runs to shorten. */
const group = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn }));
const v6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => ({ bits: 128 as const, value: groups.reduce((sum, next) => (sum << 16n) | next, 0n) }))
  .filter(({ value }) => value >> 32n !== 0xffffn);
const address = fc.oneof(v4, v6);
const network = address.chain((ip) => fc.integer({ min: 0, max: ip.bits }).map((length) => ({ address: ip, length })));

describe('addresses', () => {
  test('have one text that reads back as the same address', () => {
    fc.assert(
      fc.property(address, (ip) => {
        expect(parseIp(formatIp(ip))).toEqual(ip);
      }),
    );
  });

  test('of IPv6 have the text that a URL has', () => {
    fc.assert(
      fc.property(v6, (ip) => {
        expect(`[${formatIp(ip)}]`).toBe(new URL(`http://[${formatIp(ip)}]/`).hostname);
      }),
    );
  });

  test('are read from the texts that Node takes for one, but for zones and IPv4 mapped into IPv6', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[0-9a-fA-F:.]{1,20}$/),
      fc.stringMatching(/^[0-9]{1,3}([.][0-9]{1,3}){2,4}$/),
      fc.stringMatching(/^([0-9a-f]{0,4}:){1,8}[0-9a-f]{0,4}$/),
    );
    const isOther = (candidate: string) => candidate.includes('%') || /^[:0]*:ffff:/i.test(candidate);
    fc.assert(
      fc.property(
        text.filter((candidate) => !isOther(candidate)),
        (candidate) => {
          expect(parseIp(candidate) !== undefined).toBe(isIPv4(candidate) || isIPv6(candidate));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '010.0.0.1',
    '10.1',
    '1::2::3',
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:8:',
    '',
    ' ::1',
    '::1\n',
  ])('are not read from %j', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });
});

describe('networks', () => {
  test('have one text, which names the network that ends at its first and last address', () => {
    fc.assert(
      fc.property(network, (given) => {
        const { bits } = given.address;
        const [first, last] = [firstAddress(given), lastAddress(given)];
        const isHeld = (value: bigint) => containsNetwork(given, { address: { bits, value }, length: bits });
        expect(parseNetwork(formatNetwork(given))).toEqual({ address: { bits, value: first }, length: given.length });
        expect([first, last, given.address.value].map(isHeld)).toEqual([true, true, true]);
        const neighbours = [first - 1n, last + 1n].filter((value) => value >= 0n && value < 2n ** BigInt(bits));
        expect(neighbours.filter(isHeld)).toEqual([]);
      }),
    );
  });

  test.each(['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/+8', '::/129', '10.0.0.0/8/8', '/8'])(
    'are not read from %j',
    (text) => {
      expect(parseNetwork(text)).toBeUndefined();
    },
  );
});
