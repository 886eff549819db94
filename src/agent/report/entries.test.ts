import { describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { deviceFacts, peerFacts } from '../../mesh/digest.ts';
import { deviceName } from '../../mesh/device.ts';
import type { CurrentDevice, Prefix, PublicKey } from '../../mesh/model.ts';
import { digest } from '../../runtime/digest.ts';
import { rulesOf } from '../device/device-rules.ts';
import type { DeviceObservation } from '../device/observation.ts';
import { deviceEntry, peerEntry } from './entries.ts';

const KEY = 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as PublicKey;
const SITE = '192.168.7.0/24' as Prefix;
const edge: ConfiguredGateway = {
  gateway: { namespace: 'net', name: 'edge', uid: '11111111-0000' },
  generation: 3,
  keyNumber: 1,
  publicKey: KEY,
  sealedKey: 'x',
  listenPort: 51_840,
  addresses: ['10.90.0.1'],
  pools: ['10.90.0.0/24'],
  routes: ['10.0.0.0/16'],
  peerTraffic: 'Open',
};
const name = deviceName(edge.gateway.uid);
const counters = { persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0 };
const device: CurrentDevice = {
  name,
  implementation: 'Kernel',
  alias: 'peerwright:net/edge',
  up: true,
  mtu: 1380,
  publicKey: KEY,
  listenPort: 51_840,
  addresses: ['10.90.0.1/32' as Prefix],
  routes: ['10.90.0.0/24' as Prefix, SITE],
  peers: new Map([[KEY, { publicKey: KEY, allowedIPs: ['10.90.0.7/32' as Prefix, SITE], ...counters }]]),
};
const rules = rulesOf(name, edge, { mtu: 1380, peerRoutes: [SITE] });
const observation: DeviceObservation = {
  name,
  configured: edge,
  device,
  rules,
  problems: [],
  peers: new Map(),
  settled: true,
};

/** What the operator expects of this gateway. */
const expected = {
  gatewayUID: edge.gateway.uid,
  publicKey: KEY,
  listenPort: 51_840,
  addresses: ['10.90.0.1/32'],
  routes: ['10.90.0.0/24'],
  forward: { routes: ['10.0.0.0/16'], masquerade: 'Enabled' as const, peerTraffic: 'Open' as const },
};

describe('the report about a device', () => {
  it('has the digest of what was decided about the gateway, whatever its peers have', () => {
    expect(deviceEntry(observation)).toMatchObject({ digest: digest(deviceFacts(expected)), mtu: 1380 });
    const bare = { ...device, routes: device.routes.slice(0, 1), peers: new Map() };
    expect(deviceEntry({ ...observation, device: bare }).digest).toBe(digest(deviceFacts(expected)));
  });

  it('has another digest when a route leads to the device that no peer has', () => {
    const leftOver = { ...device, peers: new Map() };
    const facts = { ...expected, routes: ['10.90.0.0/24', SITE] };
    expect(deviceEntry({ ...observation, device: leftOver }).digest).toBe(digest(deviceFacts(facts)));
  });

  it('has the MTU of the device in the digest when one is configured, as it is', () => {
    const configured = { ...edge, mtu: 1300 };
    const facts = { ...expected, mtu: 1380 };
    expect(deviceEntry({ ...observation, configured }).digest).toBe(digest(deviceFacts(facts)));
  });

  it('has the digest of what the firewall in force lets through, not of what it should', () => {
    const stale = { ...rules, routes: [], masquerade: 'Disabled' as const };
    const forward = { routes: [], masquerade: 'Disabled' as const, peerTraffic: 'Open' as const };
    const facts = { ...expected, forward };
    expect(deviceEntry({ ...observation, rules: stale }).digest).toBe(digest(deviceFacts(facts)));
  });

  it('has no digest while the link is down or no firewall is known to be in force', () => {
    const { rules: _, ...unguarded } = observation;
    expect(deviceEntry(unguarded).digest).toBeUndefined();
    expect(deviceEntry({ ...observation, device: { ...device, up: false } }).digest).toBeUndefined();
  });

  it('lists ports that others held, when there are any', () => {
    expect(deviceEntry({ ...observation, takenPorts: [51_840] }).takenPorts).toEqual([51_840]);
    expect(deviceEntry({ ...observation, takenPorts: [] }).takenPorts).toBeUndefined();
  });
});

describe('the report about a peer', () => {
  const peer = { generation: 2, publicKey: KEY, seen: { routes: [SITE], presharedKey: 'None' as const } };
  const decided = {
    gatewayUID: edge.gateway.uid,
    gatewayPublicKey: KEY,
    publicKey: KEY,
    allowedIPs: ['10.90.0.7/32', SITE],
    routes: [SITE],
    presharedKey: 'None' as const,
    persistentKeepaliveSeconds: 0,
  };

  it('has the digest of what was decided about it', () => {
    expect(peerEntry('uid', peer, observation)).toEqual({
      uid: 'uid',
      generation: 2,
      digest: digest(peerFacts(decided)),
    });
  });

  it.each([
    ['its link is down', { up: false }],
    ['it has another key', { publicKey: 'AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as PublicKey }],
  ])('has another digest, and not none, when the peer is on the device but %s', (_, change) => {
    const found = peerEntry('uid', peer, { ...observation, device: { ...device, ...change } }).digest;
    expect(found).toMatch(/./);
    expect(found).not.toBe(digest(peerFacts(decided)));
  });

  it('has no digest when the peer is not on the device', () => {
    expect(peerEntry('uid', peer, { ...observation, device: { ...device, peers: new Map() } }).digest).toBeUndefined();
  });
});
