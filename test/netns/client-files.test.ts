import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secrets } from '../../src/kube/resources.ts';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { apiWrites, writesSince } from '../support/api-writes.ts';
import { canaries, hits, leaks } from '../support/canary.ts';
import { gateways, peers, type Peer } from '../support/cluster.ts';
import { dumpDevice } from '../support/device.ts';
import { violations } from '../support/invariants.ts';
import { Mesh, reaches } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';
import { recordSources, sourcesSeen } from './sources.ts';

const namespace = 'net';
const edge = { namespace, name: 'edge' };
const PEERS = 100;
const NAMES = Array.from({ length: PEERS }, (_, index) => `p${index}`);
/** Machines that take the files one after the other, each its own share. */
const MACHINES = ['m0', 'm1', 'm2', 'm3'];
const APP = ['10.20.0.10', 'fd00:20::10'] as const;
/** Of the status writes that refresh how connected peers do, a minute. */
const REFRESHES = 20;

/** A host behind the gateway that sees everybody's own address. */
describe(`${PEERS} peers with keys made here`, () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let machines: LabClient[];
  let app: LabNode;

  beforeAll(async () => {
    mesh = await Mesh.start('file');
    const { lab, cluster } = mesh;
    [node, machines] = await Promise.all([
      lab.addNode('n1'),
      Promise.all(MACHINES.map((name) => lab.addClient(name))),
      lab.addOperator(),
    ]);
    const segment = await lab.addLan(node.node, { device: 'segment', v4: '10.20.0.0/24', v6: 'fd00:20::/64' });
    app = await segment.addHost('app', { number: 10 });
    await recordSources(app);
    await cluster.namespace(namespace);
    await cluster.gateway(edge, {
      pools: [{ cidr: '10.90.0.0/24' }, { cidr: 'fd00:90::/112' }],
      routes: ['10.20.0.0/24', 'fd00:20::/64'],
      masquerade: 'Disabled',
    });
    await cluster.ready(gateways, edge, 60_000);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test('cost a Secret and two statuses each; blocks, reports and counts are shared', async () => {
    const before = await apiWrites(mesh.lab.controlPlane);
    const start = performance.now();
    await Promise.all(NAMES.map((name) => mesh.cluster.peer({ namespace, name }, { gatewayRef: { name: 'edge' } })));
    await everyPeer('Ready');
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    await counted();
    const writes = writesSince(before, await apiWrites(mesh.lab.controlPlane));
    process.stdout.write(`${PEERS} peers ready in ${seconds} s: ${JSON.stringify(writes)}\n`);
    const { 'POST wireguardpeers': ofTest, 'POST secrets': made, 'PATCH wireguardpeers/status': decided } = writes;
    expect({ ofTest, made, decided }).toEqual({ ofTest: PEERS, made: PEERS, decided: 2 * PEERS });
    const others = Object.entries(writes).filter(([key]) => !/ (secrets|wireguardpeers(\/status)?)$/.test(key));
    expect(others.filter(([key]) => !/ wireguard(addressblocks|nodereports|gateways\/status)$/.test(key))).toEqual([]);
    expect(others.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(PEERS);
    expect(Object.keys(writes).filter((key) => /secrets|wireguardpeers/.test(key)).length).toBe(3);
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  test('every file works as it is, and each for another peer', async () => {
    const before = await apiWrites(mesh.lab.controlPlane);
    const start = performance.now();
    await Promise.all(
      machines.map(async (machine, index) => {
        for (const name of NAMES.filter((_, which) => which % machines.length === index)) await tryFile(machine, name);
      }),
    );
    const seconds = (performance.now() - start) / 1_000;
    const all = await mesh.cluster.list(peers, namespace);
    const addresses = all.flatMap(({ status }) => status?.addresses ?? []).toSorted();
    const seen = await sourcesSeen(app);
    expect([...seen.v4, ...seen.v6].toSorted()).toEqual(addresses);
    expect(addresses).toHaveLength(2 * PEERS);
    expect(await handshakes()).toBe(PEERS);
    await everyPeer('Connected');
    const minutes = (performance.now() - start) / 60_000;
    const writes = writesSince(before, await apiWrites(mesh.lab.controlPlane));
    process.stdout.write(`${PEERS} files brought up in ${seconds.toFixed(1)} s: ${JSON.stringify(writes)}\n`);
    const { 'PATCH wireguardpeers/status': connected = 0, ...others } = writes;
    expect(connected).toBeGreaterThanOrEqual(PEERS);
    expect(connected).toBeLessThanOrEqual(PEERS + REFRESHES * Math.ceil(minutes));
    expect(Object.keys(others).filter((key) => !/ wireguard(nodereports|gateways\/status)$/.test(key))).toEqual([]);
  });

  test('no key is anywhere but in Secrets', async () => {
    const wanted = await canaries(mesh.cluster);
    // of each peer its private and its preshared key; of the gateway its private key and its seed
    expect(wanted).toHaveLength(2 * PEERS + 2);
    const stored = Buffer.from(JSON.stringify(await mesh.cluster.list(secrets)));
    const files = Buffer.from((await Promise.all(NAMES.map((name) => mesh.file({ namespace, name })))).join('\n'));
    const found = new Set([...hits(wanted, 'Secrets', stored), ...hits(wanted, 'Secrets', files)]);
    expect(found.size).toBe(wanted.length);
    expect(await leaks(mesh.lab, mesh.cluster)).toEqual([]);
  });

  async function tryFile(machine: LabClient, name: string): Promise<void> {
    await machine.up(await mesh.file({ namespace, name }));
    for (const address of APP) await reaches(machine, address);
    await machine.down();
  }

  async function everyPeer(type: string): Promise<void> {
    const isTrue = ({ metadata, status }: Peer) =>
      status?.observedGeneration === metadata.generation &&
      status?.conditions?.some((condition) => condition.type === type && condition.status === 'True');
    const all = async () => (await mesh.cluster.list(peers, namespace)).every(isTrue);
    await waitFor(all, { what: `every peer is ${type}`, timeoutMs: 60_000, everyMs: 250 });
  }

  /** The gateway's own numbers follow within ten seconds, and belong to the price. */
  async function counted(): Promise<void> {
    const look = async () => (await mesh.cluster.get(gateways, edge)).status?.peers?.programmed === PEERS;
    await waitFor(look, { what: 'the gateway has counted' });
  }

  /** Peers of the device that have ever had one. */
  async function handshakes(): Promise<number> {
    const { uid = '' } = (await mesh.cluster.get(gateways, edge)).metadata;
    const onDevice = [...((await dumpDevice(node.node, uid))?.peers.values() ?? [])];
    return onDevice.filter(({ latestHandshake }) => latestHandshake > 0).length;
  }
});
