import { expect, test } from 'vitest';
import { checkedEndpoint, endpointText, parseEndpoint } from './endpoint.ts';

test.each([
  ['192.0.2.1:51820', '192.0.2.1:51820'],
  ['[2001:db8::1]:51820', '[2001:db8::1]:51820'],
  ['[2001:DB8:0:0:0:0:0:1]:1', '[2001:db8::1]:1'],
  ['[::ffff:192.0.2.1]:51820', '192.0.2.1:51820'],
  ['[::ffff:c000:201]:51820', '192.0.2.1:51820'],
  ['[fe80::1%eth0]:65535', '[fe80::1%eth0]:65535'],
])('%s is read as %s', (text, endpoint) => {
  expect(parseEndpoint(text)).toBe(endpoint);
});

test.each([
  '(none)',
  '',
  'host.example:51820',
  '192.0.2.1',
  '192.0.2.1:0',
  '192.0.2.1:65536',
  '192.0.2.256:1',
  '2001:db8::1:51820',
  '[192.0.2.1]:51820',
  '[2001:db8::g]:1',
  '192.0.2.1:51820\nprivate_key=0',
])('%j is no endpoint', (text) => {
  expect(parseEndpoint(text)).toBeUndefined();
  expect(() => checkedEndpoint(text)).toThrow(RangeError);
});

test('an endpoint is written with brackets around IPv6', () => {
  expect([endpointText('192.0.2.1', 5), endpointText('2001:db8::1', 5)]).toEqual(['192.0.2.1:5', '[2001:db8::1]:5']);
});
