import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { FakeDataplane } from '../../dataplane/fake.ts';
import { generateIdentity } from '../../keys/identity.ts';
import { pass as passTime, scriptedSource } from '../../kube/fake.ts';
import type { DeviceName, PublicKey } from '../../mesh/model.ts';
import { digest } from '../../runtime/digest.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import type { FakeClock } from '../../runtime/fake.ts';
import type { Secret } from '../../runtime/secret.ts';
import { peerFacts } from '../../mesh/digest.ts';
import { peerEntry } from '../report/entries.ts';
import { NodeWorld } from '../world/node-world.ts';
import type { PeerView } from '../world/views.ts';
import { NodeFirewall } from './firewall.ts';
import { SealedKeys } from './gateway-key.ts';
import { Observations } from './observations.ts';
import { A, B, CORE, EDGE, gatewayOf, node, peerOf } from './gateway.testing.ts';
import { reconcileDevice } from './reconcile.ts';

let identity: Secret;
let edge: ConfiguredGateway;
let core: ConfiguredGateway;

beforeAll(async () => {
  identity = await generateIdentity();
  edge = await gatewayOf('edge', { uid: '11111111-0000', octet: 90, identity });
  core = await gatewayOf('core', { uid: '22222222-0000', octet: 91, identity });
});

let clock: FakeClock;
let dataplane: FakeDataplane;
let world: NodeWorld;
let observations: Observations;
let firewall: NodeFirewall;
const { signal } = new AbortController();

beforeEach(() => {
  clock = fakeClock();
  dataplane = new FakeDataplane();
  const source = scriptedSource([]);
  world = new NodeWorld({ client: source, clock: fakeClock(), log: fakeLog(), onChange: () => undefined });
  observations = new Observations();
  firewall = new NodeFirewall({ dataplane, addressesOf: () => [] });
});

/** One pass over a device by a process that has just started, or by this one. */
function pass(device: DeviceName, keys = new SealedKeys({ node, identity })): Promise<void> {
  return reconcileDevice(device, { world, dataplane, firewall, keys, observations, clock }, signal);
}

function sync(device: DeviceName, peers: readonly PeerView[] = [], version = '10'): void {
  const store = world.gateway(device)?.peers;
  for (const peer of peers) store?.apply(peer);
  store?.listed(new Set(peers.map(({ uid }) => uid)), version);
}

const peersOn = (device: DeviceName) => [...(dataplane.devices.get(device)?.peers.keys() ?? [])];
const typesDone = () => dataplane.done.splice(0).map(({ operation }) => operation.type);
const problemsOf = (device: DeviceName) => observations.get(device)?.problems.map(({ code }) => code);

describe('reconcileDevice', () => {
  it('makes the device with its key and its peers, and nothing more the next time', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A), peerOf('off', B, { state: 'Disabled' })]);
    await pass(EDGE);
    expect(dataplane.devices.get(EDGE)).toMatchObject({ up: true, publicKey: edge.publicKey, listenPort: 51_890 });
    expect(peersOn(EDGE)).toEqual([A]);
    expect(observations.get(EDGE)).toMatchObject({ settled: true, problems: [] });
    dataplane.done.splice(0);
    observations = new Observations();
    await pass(EDGE);
    expect(typesDone()).toEqual([]);
  });

  it('touches nothing before config and peers are known', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    dataplane.done.splice(0);

    const restarted = { client: scriptedSource([]), clock: fakeClock(), log: fakeLog(), onChange: () => undefined };
    world = new NodeWorld(restarted);
    await pass(EDGE);
    world.configure([edge], signal);
    await pass(EDGE);
    expect(typesDone()).toEqual([]);
    expect(peersOn(EDGE)).toEqual([A]);
    sync(EDGE);
    await pass(EDGE);
    expect(typesDone()).toEqual(['RemovePeer']);
  });

  it('removes a device that the config does not want any more, and its rules with it', async () => {
    world.configure([edge], signal);
    sync(EDGE);
    await pass(EDGE);
    expect(dataplane.rules?.devices.map(({ name }) => name)).toEqual([EDGE]);
    world.configure([], signal);
    await pass(EDGE);
    expect([...dataplane.devices.keys()]).toEqual([]);
    expect(dataplane.rules).toBeUndefined();
    expect([world.orphans(), observations.list()]).toEqual([[], []]);
  });

  it('changes one peer at a time', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A), peerOf('b', B)]);
    await pass(EDGE);
    dataplane.done.splice(0);
    world.gateway(EDGE)?.peers.apply(peerOf('a', A, { state: 'Disabled', resourceVersion: '11', generation: 2 }));
    await pass(EDGE);
    expect(dataplane.done.map(({ operation }) => operation)).toEqual([{ type: 'RemovePeer', publicKey: A }]);
    expect(observations.get(EDGE)?.peers.get('a')).toEqual({ generation: 2 });
  });

  it('repairs what somebody else changed', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    dataplane.devices.get(EDGE)?.peers.delete(A);
    await pass(EDGE);
    expect(peersOn(EDGE)).toEqual([A]);
    dataplane.devices.delete(EDGE);
    await pass(EDGE);
    expect(peersOn(EDGE)).toEqual([A]);
  });

  it('leaves an interface of somebody else alone and out of the firewall, and goes on when it is gone', async () => {
    dataplane.foreign.add(EDGE);
    world.configure([edge, core], signal);
    sync(EDGE);
    sync(CORE);
    await pass(CORE);
    await pass(EDGE);
    expect(problemsOf(EDGE)).toEqual(['InterfaceConflict']);
    expect(dataplane.rules?.devices.map(({ name }) => name)).toEqual([CORE]);
    dataplane.foreign.delete(EDGE);
    await pass(EDGE);
    expect([problemsOf(EDGE), dataplane.devices.get(EDGE)?.up]).toEqual([[], true]);
  });

  it('leaves the link down while there is no firewall', async () => {
    dataplane.breakFirewall = { code: 'FirewallUnavailable', message: 'nft is broken' };
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    expect(problemsOf(EDGE)).toEqual(['FirewallUnavailable']);
    expect(dataplane.devices.get(EDGE)?.up).toBe(false);
    dataplane.breakFirewall = undefined;
    await pass(EDGE);
    expect([problemsOf(EDGE), dataplane.devices.get(EDGE)?.up]).toEqual([[], true]);
  });

  it('makes no device without its key, but goes on removing peers from one that is there', async () => {
    const stranger = new SealedKeys({ node: { name: 'n2', uid: 'other' }, identity });
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE, stranger);
    expect([problemsOf(EDGE), dataplane.devices.size]).toEqual([['KeyUnreadable'], 0]);
    await pass(EDGE);
    world.gateway(EDGE)?.peers.apply(peerOf('a', A, { state: 'Disabled', resourceVersion: '11' }));
    await pass(EDGE, stranger);
    expect([problemsOf(EDGE), peersOn(EDGE)]).toEqual([['KeyUnreadable'], []]);
    expect(dataplane.devices.get(EDGE)).toMatchObject({ up: true, publicKey: edge.publicKey });
  });

  it('does not let a bad device hinder another', async () => {
    world.configure([{ ...edge, sealedKey: 'bm90IGFnZQ==' }, core], signal);
    sync(EDGE);
    sync(CORE);
    await Promise.all([pass(EDGE), pass(CORE)]);
    expect([problemsOf(EDGE), problemsOf(CORE)]).toEqual([['KeyUnreadable'], []]);
    expect(observations.get(CORE)?.settled).toBe(true);
  });

  it('keeps what it saw last when a look at the device breaks off', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    dataplane.read = () => Promise.reject(new Error('ip is gone'));
    await expect(pass(EDGE)).rejects.toThrow('ip is gone');
    expect(observations.get(EDGE)).toMatchObject({ problems: [{ code: 'DeviceFailed' }], settled: false });
    expect(observations.get(EDGE)?.device?.peers.has(A)).toBe(true);
  });
});

describe('what a pass leaves to be reported', () => {
  const entryOf = (uid: string) => {
    const observation = observations.get(EDGE);
    const peer = observation?.peers.get(uid);
    if (observation === undefined || peer === undefined) throw new RangeError(`${uid} was not observed`);
    return peerEntry(uid, peer, observation);
  };
  const digestOf = (publicKey: PublicKey, ...allowedIPs: string[]) => {
    const gateway = { gatewayUID: edge.gateway.uid, gatewayPublicKey: edge.publicKey };
    return digest(peerFacts({ ...gateway, publicKey, allowedIPs }));
  };

  it('is the digest of what the device has, with the generation that the pass included', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A, { generation: 7 })]);
    await pass(EDGE);
    world.gateway(EDGE)?.peers.apply(peerOf('a', A, { generation: 8, resourceVersion: '11' }));
    expect(entryOf('a')).toEqual({ uid: 'a', generation: 7, digest: digestOf(A, '10.90.0.10/32') });
  });

  it('is no digest when the device took nothing of it', async () => {
    dataplane.apply = async () => [];
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    expect(entryOf('a')).toEqual({ uid: 'a', generation: 1 });
    expect(observations.get(EDGE)?.settled).toBe(false);
  });

  it('is the digest of what is there when that is not what was decided', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    dataplane.devices.get(EDGE)?.peers.set(A, { publicKey: A, allowedIPs: [], rxBytes: 0, txBytes: 0 });
    dataplane.apply = async () => [];
    await pass(EDGE);
    expect(entryOf('a').digest).toBe(digestOf(A));
  });

  it('keeps the digest of a peer that went, for as long as the device has it', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    const working = dataplane.apply.bind(dataplane);
    dataplane.apply = async () => [{ code: 'DeviceFailed', message: 'wg is broken' }];
    sync(EDGE, [], '20');
    await pass(EDGE);
    expect(entryOf('a').digest).toBe(digestOf(A, '10.90.0.10/32'));
    dataplane.apply = working;
    await pass(EDGE);
    expect(observations.get(EDGE)?.peers.has('a')).toBe(false);
  });

  it('is no digest any more while a lost device takes long to be made again', async () => {
    world.configure([edge], signal);
    sync(EDGE, [peerOf('a', A)]);
    await pass(EDGE);
    dataplane.devices.delete(EDGE);
    const working = dataplane.apply.bind(dataplane);
    const slow = Promise.withResolvers<void>();
    dataplane.apply = (...args) => slow.promise.then(() => working(...args));
    const passing = pass(EDGE);
    await passTime(clock, 1_000);
    expect(entryOf('a')).toEqual({ uid: 'a', generation: 1 });
    expect(observations.get(EDGE)?.device).toBeUndefined();
    slow.resolve();
    await passing;
    expect(entryOf('a').digest).toBe(digestOf(A, '10.90.0.10/32'));
  });

  it('has an entry with neither digest nor problem for a peer that is not decided', async () => {
    const { granted: _, ...undecided } = peerOf('b', B);
    world.configure([edge], signal);
    sync(EDGE, [undecided]);
    await pass(EDGE);
    expect(entryOf('b')).toEqual({ uid: 'b', generation: 1 });
  });
});
