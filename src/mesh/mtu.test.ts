import { expect, test } from 'vitest';
import { deviceMtu } from './mtu.ts';

test.each([
  ['as configured, whatever the underlay', [1300, 1500], 1300],
  ['80 less than that of the underlay', [undefined, 1500], 1420],
  ['80 less than that of a jumbo underlay', [undefined, 9000], 8920],
  ['never below what IPv6 needs', [undefined, 1300], 1280],
  ['that of an underlay of 1500 when there is none', [undefined, undefined], 1420],
  ['what an interface can have, over loopback', [undefined, 65_536], 65_456],
  ['what an interface can have, over anything larger', [undefined, 100_000], 65_456],
] as const)('the MTU of a device is %s', (_, [configured, underlay], mtu) => {
  expect(deviceMtu(configured, underlay)).toBe(mtu);
});
