import { beforeEach, describe, expect, it } from 'vitest';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { pass, scriptedSource } from '../../kube/fake.ts';
import { deviceName } from '../../mesh/device.ts';
import type { CurrentDevice, CurrentPeer, PublicKey } from '../../mesh/model.ts';
import { fakeClock, fakeLog } from '../../runtime/fake.ts';
import type { FakeClock } from '../../runtime/fake.ts';
import type { DeviceObservation, ObservedPeer } from '../device/observation.ts';
import { Observations } from '../device/observations.ts';
import { NodeWorld } from '../world/node-world.ts';
import { Reporter } from './reporter.ts';
import { ReportStorage } from './storage.ts';
import { Reports } from './storage.testing.ts';

const node = { name: 'n1', uid: '6d1b7a44-0000-4000-8000-000000000001' };
const KEY = 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' as PublicKey;
const EDGE = deviceName('11111111-0000');
const edge: ConfiguredGateway = {
  gateway: { namespace: 'net', name: 'edge', uid: '11111111-0000' },
  generation: 3,
  keyNumber: 1,
  publicKey: KEY,
  sealedKey: 'x',
  listenPort: 51_840,
  addresses: ['10.90.0.1'],
  pools: ['10.90.0.0/24'],
};

let reports: Reports;
let clock: FakeClock;

beforeEach(() => {
  reports = new Reports();
  clock = fakeClock();
});

/** A process that reports: started anew each time. */
function start(recipient = 'age1one') {
  const deps = { clock, log: fakeLog() };
  const world = new NodeWorld({ ...deps, client: scriptedSource([]), onChange: () => undefined });
  const observations = new Observations();
  const storage = new ReportStorage({ client: reports.client, namespace: 'peerwright-system', node, ...deps });
  const reporter = new Reporter({ storage, world, observations, node, recipient, ...deps, onWritten: () => undefined });
  const stop = new AbortController();
  const ended = reporter.run(stop.signal);
  const configInvalid = (message: string) => reporter.configInvalid(new Error(message));
  const configure = (gateways: readonly ConfiguredGateway[]) => {
    world.configure(gateways, stop.signal);
    reporter.configured();
  };
  return {
    observations,
    configure,
    configInvalid,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

function observation(peers: Record<string, ObservedPeer>, on: readonly CurrentPeer[] = []): DeviceObservation {
  const link = { name: EDGE, implementation: 'Userspace', alias: 'peerwright:net/edge', up: true, mtu: 1420 } as const;
  const keyed = { publicKey: KEY, listenPort: 51_840, addresses: [], routes: [] };
  const device: CurrentDevice = { ...link, ...keyed, peers: new Map(on.map((peer) => [peer.publicKey, peer])) };
  return { name: EDGE, configured: edge, device, problems: [], settled: true, peers: new Map(Object.entries(peers)) };
}

const key = (index: number) => `B${String(index).padStart(40, 'A')}A=`.slice(0, 44) as PublicKey;
const present = (index: number, handshakeMs?: number): CurrentPeer => ({
  publicKey: key(index),
  allowedIPs: [],
  persistentKeepaliveSeconds: 0,
  rxBytes: 0,
  txBytes: 0,
  ...(handshakeMs !== undefined && { lastHandshakeMs: handshakeMs }),
});
const spec = (name: string) => reports.objects.get(name)?.spec;
const written = () => reports.writes.splice(0);

describe('Reporter', () => {
  it('says who it is before anything else is known, and what there is when all is told', async () => {
    const agent = start();
    await pass(clock, 500);
    expect(written()).toEqual(['create s000.n1']);
    expect(spec('s000.n1')).toMatchObject({ nodeName: 'n1', nodeUID: node.uid, recipient: 'age1one' });
    expect(spec('s000.n1')?.shardCount).toBeUndefined();
    agent.configure([]);
    await pass(clock, 2_000);
    expect(spec('s000.n1')).toMatchObject({ devices: [], shardCount: 0 });
    await agent.stop();
  });

  it('counts shards only after they are there', async () => {
    const agent = start();
    agent.configure([edge]);
    await pass(clock, 1_500);
    expect(spec('s000.n1')?.shardCount).toBeUndefined();
    written();
    const many = Array.from({ length: 60 }, (_, index) => index);
    const peers = Object.fromEntries(many.map((index) => [`p${index}`, { generation: 1, publicKey: key(index) }]));
    agent.observations.note(
      observation(
        peers,
        many.map((index) => present(index)),
      ),
    );
    await pass(clock, 3_000);
    expect(spec('s000.n1')).toMatchObject({ shardCount: 2, devices: [{ device: EDGE, generation: 3 }] });
    expect([spec('s001.n1')?.peers?.length, spec('s002.n1')?.peers?.length]).toEqual([50, 10]);
    expect(written().findLastIndex((write) => write.includes('create'))).toBeLessThan(3);
    await agent.stop();
  });

  it('writes nothing after a restart when nothing is different', async () => {
    const there = observation({ a: { generation: 2, publicKey: key(1) } }, [present(1, clock.now())]);
    const first = start();
    first.configure([edge]);
    first.observations.note(there);
    await pass(clock, 3_000);
    await first.stop();
    const before = spec('s001.n1');
    written();
    const second = start();
    await pass(clock, 2_000);
    second.configure([edge]);
    await pass(clock, 2_000);
    second.observations.note(there);
    await pass(clock, 20_000);
    expect(written()).toEqual([]);
    expect(spec('s001.n1')).toEqual(before);
    await second.stop();
  });

  it('keeps entries of an earlier process until its devices were looked at, then drops those of gone peers', async () => {
    const first = start();
    first.configure([edge]);
    first.observations.note(observation({ a: { generation: 2, publicKey: key(1) } }, [present(1)]));
    await pass(clock, 3_000);
    await first.stop();
    const second = start();
    await pass(clock, 5_000);
    second.configure([edge]);
    await pass(clock, 5_000);
    expect(spec('s001.n1')?.peers).toHaveLength(1);
    second.observations.note({ ...observation({}), settled: false });
    await pass(clock, 5_000);
    expect(spec('s001.n1')?.peers).toHaveLength(1);
    second.observations.note(observation({}));
    await pass(clock, 5_000);
    expect(spec('s001.n1')?.peers).toEqual([]);
    await second.stop();
  });

  it('takes the digest of a removed peer back within a second', async () => {
    const agent = start();
    agent.configure([edge]);
    agent.observations.note(observation({ a: { generation: 1, publicKey: key(1) } }, [present(1)]));
    await pass(clock, 3_000);
    expect(spec('s001.n1')?.peers?.[0]?.digest).toBeDefined();
    agent.observations.note(observation({ a: { generation: 2 } }));
    await pass(clock, 200);
    expect(spec('s001.n1')?.peers).toEqual([{ uid: 'a', generation: 2 }]);
    await agent.stop();
  });

  it('replaces the reports of an earlier Node of this name', async () => {
    const first = start();
    await pass(clock, 500);
    await first.stop();
    const old = reports.objects.get('s000.n1');
    if (old) old.spec.nodeUID = 'earlier';
    written();
    const second = start();
    await pass(clock, 1_000);
    expect(written()).toEqual(['delete s000.n1', 'create s000.n1']);
    expect(spec('s000.n1')?.nodeUID).toBe(node.uid);
    await second.stop();
  });

  it('shows a new identity, so that the operator can tell that it changed', async () => {
    const first = start('age1one');
    await pass(clock, 500);
    await first.stop();
    written();
    const second = start('age1two');
    await pass(clock, 1_000);
    expect(written()).toEqual(['delete s000.n1', 'create s000.n1']);
    expect(spec('s000.n1')?.recipient).toBe('age1two');
    await second.stop();
  });

  it('says that its config cannot be read, until it can', async () => {
    const agent = start();
    agent.configure([edge]);
    agent.observations.note(observation({}));
    agent.configInvalid('spec.gateways is required');
    await pass(clock, 2_000);
    expect(spec('s000.n1')).toMatchObject({
      problems: [{ code: 'InvalidObject', message: 'spec.gateways is required' }],
      devices: [{ device: EDGE }],
    });
    agent.configure([edge]);
    await pass(clock, 2_000);
    expect(spec('s000.n1')?.problems).toBeUndefined();
    await agent.stop();
  });

  it('shows a problem of a device and, when it concerns the node, of the node too', async () => {
    const agent = start();
    agent.configure([edge]);
    const problem = { code: 'WireGuardUnavailable', message: 'no wireguard-go' } as const;
    const { device: _, ...without } = observation({});
    agent.observations.note({ ...without, problems: [problem], settled: false });
    await pass(clock, 2_000);
    expect(spec('s000.n1')).toMatchObject({ problems: [problem], devices: [{ device: EDGE, problems: [problem] }] });
    expect(spec('s000.n1')?.devices?.[0]?.digest).toBeUndefined();
    await agent.stop();
  });

  it('writes a report again that somebody deleted', async () => {
    const agent = start();
    agent.configure([]);
    await pass(clock, 3_000);
    reports.objects.clear();
    await pass(clock, 121_000);
    expect(spec('s000.n1')).toMatchObject({ recipient: 'age1one', shardCount: 0 });
    await agent.stop();
  });
});
