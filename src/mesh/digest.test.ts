import { expect, test } from 'vitest';
import { deviceFacts, peerFacts } from './digest.ts';

const peer = {
  gatewayUID: 'u-1',
  gatewayPublicKey: 'G=',
  publicKey: 'P=',
  allowedIPs: ['10.0.0.2/32', '192.168.7.0/24', 'fd00::2/128'],
  routes: ['192.168.7.0/24'],
  presharedKey: 'Derived' as const,
  persistentKeepaliveSeconds: 25,
};
const device = {
  gatewayUID: 'u-1',
  publicKey: 'G=',
  listenPort: 51840,
  addresses: ['10.0.0.1/32', 'fd00::1/128'],
  routes: ['10.0.0.0/24'],
  forward: { routes: ['10.1.0.0/16'], masquerade: 'Enabled' as const, peerTraffic: 'Isolated' as const },
};

test('the text of a peer is stable across releases', () => {
  expect(peerFacts(peer)).toBe(
    'peerwright/peer/v2\ngateway "u-1"\ngatewayKey "G="\nkey "P="\nallowed "10.0.0.2/32"\nallowed "192.168.7.0/24"\nallowed "fd00::2/128"\n' +
      'route "192.168.7.0/24"\npresharedKey "Derived"\nkeepalive "25"\n',
  );
});

test('the text of a device is stable across releases', () => {
  const text =
    'peerwright/device/v2\ngateway "u-1"\nkey "G="\nport "51840"\naddress "10.0.0.1/32"\naddress "fd00::1/128"\nroute "10.0.0.0/24"\n';
  const forward = 'forward "10.1.0.0/16"\nmasquerade "Enabled"\npeerTraffic "Isolated"\n';
  expect(deviceFacts(device)).toBe(text + forward);
  expect(deviceFacts({ ...device, mtu: 1380 })).toBe(`${text}mtu "1380"\n${forward}`);
});

test('order and repetition in lists do not matter', () => {
  expect(peerFacts({ ...peer, allowedIPs: [...peer.allowedIPs, ...peer.allowedIPs].toReversed() })).toBe(
    peerFacts(peer),
  );
  expect(deviceFacts({ ...device, addresses: device.addresses.toReversed() })).toBe(deviceFacts(device));
});

test.each([
  { gatewayUID: 'u-2' },
  { gatewayPublicKey: 'H=' },
  { publicKey: 'Q=' },
  { allowedIPs: ['10.0.0.2/32'] },
  { publicKey: 'P="\nallowed "10.0.0.3/32' },
  { routes: [] },
  { presharedKey: 'None' as const },
  { presharedKey: 'Other' as const },
  { persistentKeepaliveSeconds: 0 },
])('another fact gives another text: %j', (change) => {
  expect(peerFacts({ ...peer, ...change })).not.toBe(peerFacts(peer));
});

test.each([
  { gatewayUID: 'u-2' },
  { publicKey: 'H=' },
  { listenPort: 51841 },
  { addresses: [] },
  { routes: [] },
  { mtu: 1420 },
  { forward: { ...device.forward, routes: [] } },
  { forward: { ...device.forward, masquerade: 'Disabled' as const } },
  { forward: { ...device.forward, peerTraffic: 'Open' as const } },
])('another fact of a device gives another text: %j', (change) => {
  expect(deviceFacts({ ...device, ...change })).not.toBe(deviceFacts(device));
});
