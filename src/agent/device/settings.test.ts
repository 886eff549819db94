import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { fingerprintOf } from '../../dataplane/fingerprint.ts';
import { derivePresharedKey } from '../../keys/preshared-key.ts';
import { generateIdentity } from '../../keys/identity.ts';
import { settle } from '../../kube/fake.ts';
import type { CurrentPeer, KeyFingerprint, Prefix, PublicKey } from '../../mesh/model.ts';
import { Secret } from '../../runtime/secret.ts';
import { SealedKeys } from './gateway-key.ts';
import { A, B, CORE, derivedPeerOf, EDGE, gatewayOf, peerOf } from './gateway.testing.ts';
import { TestNode } from './node.testing.ts';

let identity: Secret;
let edge: ConfiguredGateway;
let core: ConfiguredGateway;
let node: TestNode;

beforeAll(async () => {
  identity = await generateIdentity();
  edge = await gatewayOf('edge', { uid: '11111111-0000', octet: 90, identity });
  core = await gatewayOf('core', { uid: '22222222-0000', octet: 91, identity });
});

beforeEach(() => {
  node = new TestNode(identity);
  node.configure(edge);
});

const device = () => node.dataplane.devices.get(EDGE);
const peer = (key: PublicKey = A) => device()?.peers.get(key);
const change = (settings: Partial<CurrentPeer>) => {
  const before = peer();
  if (before) device()?.peers.set(A, { ...before, ...settings });
};
const problemOf = (uid: string) => node.observations.get(EDGE)?.peers.get(uid)?.problem;
const seenOf = (uid: string) => node.observations.get(EDGE)?.peers.get(uid)?.seen?.presharedKey;

describe('the preshared key of a peer', () => {
  const seed = new Secret(Buffer.alloc(32, 1));
  const derived = () => fingerprintOf(derivePresharedKey(seed, edge.publicKey as PublicKey, A));

  it('is derived from the seed of the gateway, or none, as decided', async () => {
    node.sync(EDGE, derivedPeerOf('a', A), peerOf('b', B));
    await node.pass(EDGE);
    expect([peer(A)?.presharedKey, peer(B)?.presharedKey]).toEqual([derived(), undefined]);
    expect([seenOf('a'), seenOf('b')]).toEqual(['Derived', 'None']);
    node.done();
    node.apply(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    expect([node.done(), peer(A)?.presharedKey]).toEqual([['SetPresharedKey'], undefined]);
  });

  it('is set again within one look when somebody takes or changes it, and is never reported as the derived one', async () => {
    node.sync(EDGE, derivedPeerOf('a', A));
    await node.pass(EDGE);
    const working = node.dataplane.apply.bind(node.dataplane);
    node.dataplane.apply = async () => [];
    change({ presharedKey: '0123456789abcdef' as KeyFingerprint });
    await node.pass(EDGE);
    expect(seenOf('a')).toBe('Other');
    node.dataplane.apply = working;
    await node.pass(EDGE);
    expect([seenOf('a'), peer()?.presharedKey]).toEqual(['Derived', derived()]);
  });

  it('stays what it is while another key of the peer is not decided', async () => {
    node.sync(EDGE, derivedPeerOf('a', A));
    await node.pass(EDGE);
    node.done();
    node.apply(EDGE, { ...derivedPeerOf('a', A), publicKey: B, decided: false });
    await node.pass(EDGE);
    expect([node.done(), seenOf('a')]).toEqual([[], 'Derived']);
  });

  it('is left alone while the key of the gateway cannot be opened, and a new peer waits for it', async () => {
    const stranger = new SealedKeys({ node: { name: 'n2', uid: 'other' }, identity });
    node.sync(EDGE, derivedPeerOf('a', A));
    await node.pass(EDGE);
    node.done();
    node.apply(EDGE, derivedPeerOf('b', B));
    await node.pass(EDGE, stranger);
    expect([node.done(), problemOf('a'), problemOf('b')?.code]).toEqual([[], undefined, 'KeyUnreadable']);
    await node.pass(EDGE);
    expect([node.done(), problemOf('b')]).toEqual([['AddPeer'], undefined]);
  });
});

describe('the keepalive and the endpoint of a peer', () => {
  it('are those of its spec, and the keepalive is set again when somebody changes it', async () => {
    const endpoint = { host: '203.0.113.7', port: 51_820 };
    node.sync(EDGE, peerOf('a', A, { endpoint, persistentKeepaliveSeconds: 25 }));
    await node.pass(EDGE);
    expect(peer()).toMatchObject({ endpoint: '203.0.113.7:51820', persistentKeepaliveSeconds: 25 });
    change({ persistentKeepaliveSeconds: 0 });
    await node.pass(EDGE);
    expect(peer()?.persistentKeepaliveSeconds).toBe(25);
  });

  it('are left as the device has them while the object cannot be read', async () => {
    const endpoint = { host: '203.0.113.7', port: 51_820 };
    node.sync(EDGE, peerOf('a', A, { endpoint, persistentKeepaliveSeconds: 25 }));
    await node.pass(EDGE);
    node.done();
    const { endpoint: _, persistentKeepaliveSeconds: __, ...unread } = peerOf('a', A);
    node.apply(EDGE, { ...unread, decided: false, invalid: { code: 'InvalidObject', message: 'bad' } });
    await node.pass(EDGE);
    expect([node.done(), problemOf('a')?.code]).toEqual([[], 'InvalidObject']);
  });

  it('leave a peer alone that has roamed, also when another process takes over', async () => {
    const view = peerOf('a', A, { endpoint: { host: '203.0.113.7', port: 51_820 } });
    node.sync(EDGE, view);
    await node.pass(EDGE);
    node.done();
    change({ endpoint: '198.51.100.4:40123', lastHandshakeMs: node.clock.now() });
    await node.pass(EDGE);
    node.restart();
    node.configure(edge);
    node.sync(EDGE, view);
    await node.pass(EDGE);
    expect(node.done()).toEqual([]);
    node.apply(EDGE, peerOf('a', A, { endpoint: { host: '203.0.113.7', port: 1 } }));
    await node.pass(EDGE);
    await node.pass(EDGE);
    expect([node.done(), peer()?.endpoint]).toEqual([['SetEndpoint'], '203.0.113.7:1']);
  });

  it('do not make others wait for a name, which is written as soon as it is known', async () => {
    const host = 'branch7.example.net';
    node.dataplane.names.set(host, ['203.0.113.7']);
    node.sync(EDGE, peerOf('a', A, { endpoint: { host, port: 51_820 } }), peerOf('b', B));
    await node.pass(EDGE);
    expect([node.done(), problemOf('a')]).toEqual([expect.arrayContaining(['AddPeer', 'AddPeer']), undefined]);
    await settle();
    expect(node.answered).toEqual([EDGE]);
    await node.pass(EDGE);
    expect([node.done(), peer()?.endpoint]).toEqual([['SetEndpoint'], '203.0.113.7:51820']);
  });

  it('are a problem of the peer alone when it cannot be dialled there', async () => {
    node.sync(EDGE, peerOf('a', A, { endpoint: { host: '10.90.0.20', port: 51_820 } }));
    await node.pass(EDGE);
    expect([node.problems(EDGE), problemOf('a')?.code, peer()?.endpoint]).toEqual([
      [],
      'EndpointNotAllowed',
      undefined,
    ]);
  });
});

describe('the MTU of a device', () => {
  const uplink = (network: string, mtu: number) => node.dataplane.uplinks.push({ network: network as Prefix, mtu });

  it('follows the default route until peers are heard, then the way to them', async () => {
    uplink('0.0.0.0/0', 1500);
    uplink('198.51.100.0/24', 1400);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    expect(device()?.mtu).toBe(1420);
    change({ endpoint: '198.51.100.4:40123' });
    node.clock.advance(4_000);
    await node.pass(EDGE);
    expect([device()?.mtu, node.dataplane.rules?.devices[0]?.mtu]).toEqual([1320, 1320]);
    change({ endpoint: '203.0.113.4:40123' });
    node.clock.advance(4_000);
    await node.pass(EDGE);
    expect(device()?.mtu).toBe(1420);
  });

  it('is the configured one, and is set again within one look', async () => {
    uplink('0.0.0.0/0', 1500);
    node.configure({ ...edge, mtu: 1300 });
    node.sync(EDGE);
    await node.pass(EDGE);
    const link = device();
    if (link) link.mtu = 1500;
    await node.pass(EDGE);
    expect(device()?.mtu).toBe(1300);
  });
});

describe('the port of a device', () => {
  const conflict = { code: 'ListenPortConflict', message: expect.stringMatching(/51890.*dnsmasq \(pid 7\)/) };

  it('is not taken from somebody else: everything is made, and nothing comes up without it', async () => {
    node.dataplane.takenPorts.set(51_890, 'dnsmasq (pid 7)');
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    expect(node.observations.get(EDGE)).toMatchObject({ problems: [conflict], takenPorts: [51_890], settled: false });
    expect(device()).toMatchObject({ up: false, listenPort: 0 });
    node.dataplane.takenPorts.clear();
    await node.pass(EDGE);
    expect(node.observations.get(EDGE)).toMatchObject({ problems: [], takenPorts: [], settled: true });
    expect(device()).toMatchObject({ up: true, listenPort: 51_890 });
  });

  it('stays the one that it is while the next one is taken, and the rest of the device goes on', async () => {
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    node.dataplane.takenPorts.set(51_900, 'dnsmasq (pid 7)');
    node.configure({ ...edge, listenPort: 51_900 });
    node.apply(EDGE, peerOf('b', B, { routes: ['192.168.7.0/24'] }));
    await node.pass(EDGE);
    expect([node.problems(EDGE), device()?.listenPort]).toEqual([['ListenPortConflict'], 51_890]);
    expect(device()?.routes).toContain('192.168.7.0/24');
  });

  it('is reported as taken for ten minutes, also when it is not wanted any more', async () => {
    node.dataplane.takenPorts.set(51_890, 'dnsmasq (pid 7)');
    node.sync(EDGE);
    await node.pass(EDGE);
    node.configure({ ...edge, listenPort: 51_891 });
    await node.pass(EDGE);
    expect(node.observations.get(EDGE)).toMatchObject({ problems: [], takenPorts: [51_890] });
    node.clock.advance(600_000);
    await node.pass(EDGE);
    expect(node.observations.get(EDGE)?.takenPorts).toEqual([]);
  });

  it('is not tried as long as the device has it', async () => {
    node.sync(EDGE);
    await node.pass(EDGE);
    node.dataplane.takenPorts.set(51_890, 'dnsmasq (pid 7)');
    await node.pass(EDGE);
    expect(node.problems(EDGE)).toEqual([]);
  });
});

describe('a node that does not forward', () => {
  it('is a problem of a device with networks of that family, until it forwards', async () => {
    node.dataplane.forwards = { ipv4: false, ipv6: false };
    node.configure({ ...edge, routes: ['10.0.0.0/16'] }, core);
    node.sync(EDGE);
    node.sync(CORE);
    await node.pass(EDGE);
    await node.pass(CORE);
    expect([node.problems(EDGE), node.problems(CORE)]).toEqual([['ForwardingDisabled'], []]);
    expect(node.observations.get(EDGE)?.problems[0]?.message).toContain('sysctl -w net.ipv4.ip_forward=1');
    expect(device()?.up).toBe(true);
    node.dataplane.forwards = { ipv4: true, ipv6: false };
    await node.pass(EDGE);
    expect(node.problems(EDGE)).toEqual([]);
  });

  it('is one for the routes of peers too', async () => {
    node.dataplane.forwards = { ipv4: true, ipv6: false };
    node.sync(EDGE, peerOf('a', A, { routes: ['fd00:7::/48'] }));
    await node.pass(EDGE);
    expect(node.observations.get(EDGE)?.problems[0]?.message).toContain('sysctl -w net.ipv6.conf.all.forwarding=1');
  });
});
