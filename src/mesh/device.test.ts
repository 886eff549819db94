import { expect, test } from 'vitest';
import { deviceAlias, deviceFor, deviceName } from './device.ts';
import type { ProgrammedPeer } from './device.ts';
import { parseAddress } from './ip/address.ts';
import { parsePrefix } from './ip/prefix.ts';
import { parsePublicKey } from './key.ts';
import type { Address, KeyFingerprint, Prefix, PublicKey } from './model.ts';

const GATEWAY_KEY = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
const PEER_KEY = 'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=';

const configured = {
  gateway: { namespace: 'net', name: 'edge', uid: '0a1b2c3d-0000-4000-8000-000000000000' },
  generation: 1,
  keyNumber: 1,
  publicKey: GATEWAY_KEY,
  sealedKey: 'x',
  listenPort: 51840,
  addresses: ['fd00:90::1', '10.90.0.1'],
  pools: ['fd00:90::/64', '10.90.0.0/16'],
};

test('a device takes its name from the uid of its gateway', () => {
  expect(deviceName('0A1B2C3D-1111-2222-3333-444455556666')).toBe('pw-0a1b2c3d');
});

test('a uid that is not hexadecimal is hashed, and other ones get other names', () => {
  expect(deviceName('not-a-uuid')).toMatch(/^pw-[0-9a-f]{8}$/);
  expect(deviceName('not-a-uuid')).not.toBe(deviceName('not-a-uuie'));
});

test('the alias names the gateway', () => {
  expect(deviceAlias('net', 'edge')).toBe('peerwright:net/edge');
});

const peer: ProgrammedPeer = {
  publicKey: key(PEER_KEY),
  addresses: [at('fd00:90::7'), at('10.90.0.7')],
  routes: [],
  persistentKeepaliveSeconds: 0,
};

test('addresses become sorted host prefixes and pools become routes', () => {
  const device = deviceFor(configured, { mtu: 1420, peers: [peer] });
  expect(device).toEqual({
    name: 'pw-0a1b2c3d',
    alias: 'peerwright:net/edge',
    publicKey: GATEWAY_KEY,
    listenPort: 51840,
    mtu: 1420,
    addresses: ['10.90.0.1/32', 'fd00:90::1/128'],
    routes: ['10.90.0.0/16', 'fd00:90::/64'],
    peers: new Map([
      [
        PEER_KEY,
        { publicKey: PEER_KEY, allowedIPs: ['10.90.0.7/32', 'fd00:90::7/128'], persistentKeepaliveSeconds: 0 },
      ],
    ]),
  });
});

test('routes of peers are AllowedIPs of theirs and routes of the node', () => {
  const site = { ...peer, routes: [network('192.168.7.0/24'), network('10.8.0.0/16')] };
  const device = deviceFor(configured, { mtu: 1420, peers: [site] });
  expect(device.routes).toEqual(['10.8.0.0/16', '10.90.0.0/16', '192.168.7.0/24', 'fd00:90::/64']);
  const allowedIPs = ['10.8.0.0/16', '10.90.0.7/32', '192.168.7.0/24', 'fd00:90::7/128'];
  expect(device.peers.get(peer.publicKey)?.allowedIPs).toEqual(allowedIPs);
});

test('a pool that the node cannot lead to the device is no route', () => {
  const parts = { mtu: 1420, peers: [peer], withoutRoutes: new Set([network('10.90.0.0/16')]) };
  expect(deviceFor(configured, parts).routes).toEqual(['fd00:90::/64']);
});

test('a peer keeps its preshared key, endpoint and keepalive', () => {
  const settings = {
    presharedKey: '0123456789abcdef' as KeyFingerprint,
    endpoint: '203.0.113.7:51820',
    persistentKeepaliveSeconds: 25,
  };
  const device = deviceFor(configured, { mtu: 1280, peers: [{ ...peer, ...settings }] });
  expect(device.mtu).toBe(1280);
  expect(device.peers.get(peer.publicKey)).toMatchObject(settings);
});

test.each([
  [{ publicKey: 'short' }, "'short'"],
  [{ addresses: ['010.0.0.1'] }, "'010.0.0.1'"],
  [{ pools: ['10.90.0.1/16'] }, "'10.90.0.1/16'"],
])('an entry that is not canonical is named: %j', (change, named) => {
  expect(() => deviceFor({ ...configured, ...change }, { mtu: 1420, peers: [] })).toThrow(named);
});

function key(text: string): PublicKey {
  return parsePublicKey(text) ?? unexpected(text);
}

function at(text: string): Address {
  return parseAddress(text) ?? unexpected(text);
}

function network(text: string): Prefix {
  return parsePrefix(text) ?? unexpected(text);
}

function unexpected(text: string): never {
  throw new Error(`not canonical: ${text}`);
}
