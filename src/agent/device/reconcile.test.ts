import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { generateIdentity } from '../../keys/identity.ts';
import { pass as passTime } from '../../kube/fake.ts';
import type { DeviceName, PublicKey } from '../../mesh/model.ts';
import { digest } from '../../runtime/digest.ts';
import type { Secret } from '../../runtime/secret.ts';
import { peerFacts } from '../../mesh/digest.ts';
import { peerEntry } from '../report/entries.ts';
import { SealedKeys } from './gateway-key.ts';
import { A, B, CORE, EDGE, gatewayOf, peerOf } from './gateway.testing.ts';
import { TestNode } from './node.testing.ts';

let identity: Secret;
let edge: ConfiguredGateway;
let core: ConfiguredGateway;

beforeAll(async () => {
  identity = await generateIdentity();
  edge = await gatewayOf('edge', { uid: '11111111-0000', octet: 90, identity });
  core = await gatewayOf('core', { uid: '22222222-0000', octet: 91, identity });
});

let node: TestNode;

beforeEach(() => {
  node = new TestNode(identity);
});

const onDevice = (device: DeviceName) => node.dataplane.devices.get(device);
const peersOn = (device: DeviceName) => [...(onDevice(device)?.peers.keys() ?? [])];

describe('reconcileDevice', () => {
  it('makes the device with its key and its peers, and nothing more the next time', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A), peerOf('off', B, { state: 'Disabled' }));
    await node.pass(EDGE);
    expect(onDevice(EDGE)).toMatchObject({ up: true, publicKey: edge.publicKey, listenPort: 51_890, mtu: 1420 });
    expect(peersOn(EDGE)).toEqual([A]);
    expect(node.observations.get(EDGE)).toMatchObject({ settled: true, problems: [] });
    node.done();
    node.restart();
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A), peerOf('off', B, { state: 'Disabled' }));
    await node.pass(EDGE);
    expect(node.done()).toEqual([]);
  });

  it('touches nothing before config and peers are known', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    node.done();

    node.restart();
    await node.pass(EDGE);
    node.configure(edge);
    await node.pass(EDGE);
    expect(node.done()).toEqual([]);
    expect(peersOn(EDGE)).toEqual([A]);
    node.sync(EDGE);
    await node.pass(EDGE);
    expect(node.done()).toEqual(['RemovePeer']);
  });

  it('removes a device that the config does not want any more, and its rules with it', async () => {
    node.configure(edge);
    node.sync(EDGE);
    await node.pass(EDGE);
    expect(node.dataplane.rules?.devices.map(({ name }) => name)).toEqual([EDGE]);
    node.configure();
    await node.pass(EDGE);
    expect([...node.dataplane.devices.keys()]).toEqual([]);
    expect(node.dataplane.rules).toBeUndefined();
    expect([node.world.orphans(), node.observations.list()]).toEqual([[], []]);
  });

  it('changes one peer at a time', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A), peerOf('b', B));
    await node.pass(EDGE);
    node.done();
    node.apply(EDGE, peerOf('a', A, { state: 'Disabled', generation: 2 }));
    await node.pass(EDGE);
    expect(node.dataplane.done.map(({ operation }) => operation)).toEqual([{ type: 'RemovePeer', publicKey: A }]);
    expect(node.observations.get(EDGE)?.peers.get('a')).toEqual({ generation: 2 });
  });

  it('repairs what somebody else changed', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    onDevice(EDGE)?.peers.delete(A);
    await node.pass(EDGE);
    expect(peersOn(EDGE)).toEqual([A]);
    node.dataplane.devices.delete(EDGE);
    await node.pass(EDGE);
    expect(peersOn(EDGE)).toEqual([A]);
  });

  it('leaves an interface of somebody else alone and out of the firewall, and goes on when it is gone', async () => {
    node.dataplane.foreign.add(EDGE);
    node.configure(edge, core);
    node.sync(EDGE);
    node.sync(CORE);
    await node.pass(CORE);
    await node.pass(EDGE);
    expect(node.problems(EDGE)).toEqual(['InterfaceConflict']);
    expect(node.dataplane.rules?.devices.map(({ name }) => name)).toEqual([CORE]);
    node.dataplane.foreign.delete(EDGE);
    await node.pass(EDGE);
    expect([node.problems(EDGE), onDevice(EDGE)?.up]).toEqual([[], true]);
  });

  it('leaves the link down while there is no firewall', async () => {
    node.dataplane.breakFirewall = { code: 'FirewallUnavailable', message: 'nft is broken' };
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    expect(node.problems(EDGE)).toEqual(['FirewallUnavailable']);
    expect(onDevice(EDGE)?.up).toBe(false);
    node.dataplane.breakFirewall = undefined;
    await node.pass(EDGE);
    expect([node.problems(EDGE), onDevice(EDGE)?.up]).toEqual([[], true]);
  });

  it('makes no device without its key, but goes on removing peers from one that is there', async () => {
    const stranger = new SealedKeys({ node: { name: 'n2', uid: 'other' }, identity });
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE, stranger);
    expect([node.problems(EDGE), node.dataplane.devices.size]).toEqual([['KeyUnreadable'], 0]);
    await node.pass(EDGE);
    node.apply(EDGE, peerOf('a', A, { state: 'Disabled' }));
    await node.pass(EDGE, stranger);
    expect([node.problems(EDGE), peersOn(EDGE)]).toEqual([['KeyUnreadable'], []]);
    expect(onDevice(EDGE)).toMatchObject({ up: true, publicKey: edge.publicKey });
  });

  it('does not let a bad device hinder another', async () => {
    node.configure({ ...edge, sealedKey: 'bm90IGFnZQ==' }, core);
    node.sync(EDGE);
    node.sync(CORE);
    await Promise.all([node.pass(EDGE), node.pass(CORE)]);
    expect([node.problems(EDGE), node.problems(CORE)]).toEqual([['KeyUnreadable'], []]);
    expect(node.observations.get(CORE)?.settled).toBe(true);
  });
});

describe('what a pass leaves to be reported', () => {
  const entryOf = (uid: string) => {
    const observation = node.observations.get(EDGE);
    const peer = observation?.peers.get(uid);
    if (observation === undefined || peer === undefined) throw new RangeError(`${uid} was not observed`);
    return peerEntry(uid, peer, observation);
  };
  const digestOf = (publicKey: PublicKey, ...allowedIPs: string[]) => {
    const gateway = { gatewayUID: edge.gateway.uid, gatewayPublicKey: edge.publicKey };
    const settings = { routes: [], presharedKey: 'None' as const, persistentKeepaliveSeconds: 0 };
    return digest(peerFacts({ ...gateway, publicKey, allowedIPs, ...settings }));
  };
  const nothing = { persistentKeepaliveSeconds: 0, rxBytes: 0, txBytes: 0 };

  it('is the digest of what the device has, with the generation that the pass included', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A, { generation: 7 }));
    await node.pass(EDGE);
    node.apply(EDGE, peerOf('a', A, { generation: 8 }));
    expect(entryOf('a')).toEqual({ uid: 'a', generation: 7, digest: digestOf(A, '10.90.0.10/32') });
  });

  it('is no digest when the device took nothing of it', async () => {
    node.dataplane.apply = async () => [];
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    expect(entryOf('a')).toEqual({ uid: 'a', generation: 1 });
    expect(node.observations.get(EDGE)?.settled).toBe(false);
  });

  it('is the digest of what is there when that is not what was decided', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    onDevice(EDGE)?.peers.set(A, { publicKey: A, allowedIPs: [], ...nothing });
    node.dataplane.apply = async () => [];
    await node.pass(EDGE);
    expect(entryOf('a').digest).toBe(digestOf(A));
  });

  it('keeps the digest of a peer that went, for as long as the device has it', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    const working = node.dataplane.apply.bind(node.dataplane);
    node.dataplane.apply = async () => [{ code: 'DeviceFailed', message: 'wg is broken' }];
    node.sync(EDGE);
    await node.pass(EDGE);
    expect(entryOf('a').digest).toBe(digestOf(A, '10.90.0.10/32'));
    node.dataplane.apply = working;
    await node.pass(EDGE);
    expect(node.observations.get(EDGE)?.peers.has('a')).toBe(false);
  });

  it('is no digest any more while a lost device takes long to be made again', async () => {
    node.configure(edge);
    node.sync(EDGE, peerOf('a', A));
    await node.pass(EDGE);
    node.dataplane.devices.delete(EDGE);
    const working = node.dataplane.apply.bind(node.dataplane);
    const slow = Promise.withResolvers<void>();
    node.dataplane.apply = (...args) => slow.promise.then(() => working(...args));
    const passing = node.pass(EDGE);
    await passTime(node.clock, 1_000);
    expect(entryOf('a')).toEqual({ uid: 'a', generation: 1 });
    expect(node.observations.get(EDGE)?.device).toBeUndefined();
    slow.resolve();
    await passing;
    expect(entryOf('a').digest).toBe(digestOf(A, '10.90.0.10/32'));
  });

  it('has an entry with neither digest nor problem for a peer that is not decided', async () => {
    const { granted: _, ...undecided } = peerOf('b', B);
    node.configure(edge);
    node.sync(EDGE, undecided);
    await node.pass(EDGE);
    expect(entryOf('b')).toEqual({ uid: 'b', generation: 1 });
  });
});
