import { expect, test } from 'vitest';
import { deviceFacts, peerFacts } from './digest.ts';

const peer = {
  gatewayUID: 'u-1',
  gatewayPublicKey: 'G=',
  publicKey: 'P=',
  allowedIPs: ['10.0.0.2/32', 'fd00::2/128'],
};
const addresses = ['10.0.0.1/32', 'fd00::1/128'];
const device = { gatewayUID: 'u-1', publicKey: 'G=', listenPort: 51840, addresses, routes: ['10.0.0.0/24'] };

test('the text of a peer is stable across releases', () => {
  expect(peerFacts(peer)).toBe(
    'peerwright/peer/v1\ngateway "u-1"\ngatewayKey "G="\nkey "P="\nallowed "10.0.0.2/32"\nallowed "fd00::2/128"\n',
  );
});

test('the text of a device is stable across releases', () => {
  expect(deviceFacts(device)).toBe(
    'peerwright/device/v1\ngateway "u-1"\nkey "G="\nport "51840"\naddress "10.0.0.1/32"\naddress "fd00::1/128"\nroute "10.0.0.0/24"\n',
  );
});

test('order and repetition in lists do not matter', () => {
  expect(peerFacts({ ...peer, allowedIPs: ['fd00::2/128', '10.0.0.2/32', 'fd00::2/128'] })).toBe(peerFacts(peer));
  expect(deviceFacts({ ...device, addresses: device.addresses.toReversed() })).toBe(deviceFacts(device));
});

test.each([
  { gatewayUID: 'u-2' },
  { gatewayPublicKey: 'H=' },
  { publicKey: 'Q=' },
  { allowedIPs: ['10.0.0.2/32'] },
  { publicKey: 'P="\nallowed "10.0.0.3/32' },
])('another fact gives another text: %j', (change) => {
  expect(peerFacts({ ...peer, ...change })).not.toBe(peerFacts(peer));
});

test.each([{ gatewayUID: 'u-2' }, { publicKey: 'H=' }, { listenPort: 51841 }, { addresses: [] }, { routes: [] }])(
  'another fact of a device gives another text: %j',
  (change) => {
    expect(deviceFacts({ ...device, ...change })).not.toBe(deviceFacts(device));
  },
);
