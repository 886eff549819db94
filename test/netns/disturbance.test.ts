import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import type { Role } from '../../tools/lab/role.ts';
import type { LossCount } from '../../tools/lab/ping.ts';
import { WireGuardAddressBlock, WireGuardNodeConfig } from '../../src/api/v1alpha1/index.ts';
import { gateways, peers } from '../support/cluster.ts';
import { agentPage, operatorPage } from '../support/http.ts';
import { dumpDevice, type Dump } from '../support/device.ts';
import { violations } from '../support/invariants.ts';
import { Mesh, reaches, someKey } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'net';
const CLIENTS = ['c1', 'c2', 'c3', 'c4', 'c5'];
const CHANGES = 200;

describe('while five peers ping at 100/s each', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let clients: LabClient[];
  let gatewayUid: string;

  beforeAll(async () => {
    mesh = await Mesh.start('dist');
    [node, clients] = await Promise.all([
      mesh.lab.addNode('n1'),
      Promise.all(CLIENTS.map((name) => mesh.lab.addClient(name))),
      mesh.lab.addOperator(),
    ]);
    await mesh.cluster.namespace(namespace);
    const gateway = await mesh.cluster.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.90.0.0/16' }] });
    gatewayUid = gateway.metadata.uid ?? '';
    await mesh.cluster.ready(gateways, { namespace, name: 'edge' }, 60_000);
    for (const [index, client] of clients.entries()) {
      await mesh.join(client, { namespace, name: CLIENTS[index] ?? '' }, 'edge');
      await reaches(client, '10.90.0.1');
    }
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test(`${CHANGES} peers added and removed lose none of them a packet, a session or an endpoint`, async () => {
    const before = await dump();
    const logged = readFileSync(node.agent.log, 'utf8').length;
    const keys = Array.from({ length: CHANGES }, () => someKey());
    const losses = await pinging(async () => {
      for (const [index, publicKey] of keys.entries()) {
        await mesh.cluster.peer({ namespace, name: `p${index}` }, { gatewayRef: { name: 'edge' }, publicKey });
      }
      await waitFor(async () => present(await dump(), keys) === CHANGES, { what: 'all are on the device' });
      for (const index of keys.keys()) await mesh.cluster.remove(peers, { namespace, name: `p${index}` });
      await waitFor(async () => present(await dump(), keys) === 0, { what: 'all are off the device' });
    });
    report('adds and removals', losses);
    expect(losses.map(({ lost }) => lost)).toEqual(CLIENTS.map(() => 0));
    expectUndisturbed(before, await dump());
    expectTouchedOnly(new Set(keys), readFileSync(node.agent.log, 'utf8').slice(logged));
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  test('operator and agent restarted, softly and hard, lose none of them a packet and write nothing', async () => {
    await counted();
    const before = await dump();
    const versions = await decisions();
    const losses = await pinging(async () => {
      const [operator] = mesh.lab.operators;
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const logs = [node.agent, operator].map((role) => readFileSync(role?.log ?? '', 'utf8').length);
        await node.agent.restart(signal);
        await operator?.restart(signal);
        await says(node.agent, logs[0] ?? 0, 'agent started');
        await says(operator, logs[1] ?? 0, 'leading');
        await lookedAtAll(operator);
      }
    });
    report('restarts', losses);
    expect(losses.map(({ lost }) => lost)).toEqual(CLIENTS.map(() => 0));
    expectUndisturbed(before, await dump());
    expect(await decisions()).toEqual(versions);
  });

  async function dump(): Promise<Dump> {
    const found = await dumpDevice(node.node, gatewayUid);
    if (!found) throw new Error('the device is gone');
    return found;
  }

  /** Loss of each client while `work` goes on. */
  async function pinging(work: () => Promise<void>): Promise<LossCount[]> {
    const running = await Promise.all(clients.map((client) => client.startPing('10.90.0.1', { perSecond: 100 })));
    await work();
    return Promise.all(running.map((ping) => ping.stop()));
  }

  /** Everything that is decided, by version: connections move on, decisions must not. */
  async function decisions(): Promise<unknown> {
    const [gateway] = await mesh.cluster.list(gateways, namespace);
    const blocks = await mesh.cluster.list(WireGuardAddressBlock);
    const configs = await mesh.cluster.list(WireGuardNodeConfig);
    const versions = [...blocks, ...configs].map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
    const granted = (await mesh.cluster.list(peers, namespace)).map(({ metadata, status }) => ({
      name: metadata.name,
      status: { ...status, connection: status?.connection?.state },
    }));
    return { versions, granted, gateway: gateway?.status };
  }

  /** The agent has been through its device and the operator through all its objects: what they would write, they wrote. */
  async function lookedAtAll(operator: Role | undefined): Promise<void> {
    const ready = async () => (await agentPage(node.node, '/readyz')).includes('200 OK');
    await waitFor(ready, { what: 'the agent is ready' });
    const looked = async () =>
      /reconciles_total{controller="peers",result="ok"} (\d+)/.exec(
        await operatorPage(operator as Role, '/metrics'),
      )?.[1];
    await waitFor(async () => Number(await looked()) >= CLIENTS.length, {
      what: 'the operator has looked at all peers',
    });
  }

  /** Numbers follow within ten seconds. */
  async function counted(): Promise<void> {
    const look = async () => {
      const [gateway] = await mesh.cluster.list(gateways, namespace);
      return (
        gateway?.status?.peers?.total === CLIENTS.length && gateway.status.pools?.[0]?.allocated === CLIENTS.length
      );
    };
    await waitFor(look, { what: 'the numbers of the gateway have settled' });
  }
});

async function says(role: Role | undefined, from: number, message: string): Promise<void> {
  const look = () => readFileSync(role?.log ?? '', 'utf8').indexOf(`"message":"${message}"`, from) >= 0;
  await waitFor(look, { what: message, timeoutMs: 40_000 });
}

function present(dump: Dump, keys: readonly string[]): number {
  return keys.filter((key) => dump.peers.has(key)).length;
}

function expectUndisturbed(before: Dump, after: Dump): void {
  expect(after.publicKey).toBe(before.publicKey);
  for (const [key, peer] of before.peers) {
    const now = after.peers.get(key);
    expect(now).toMatchObject({ endpoint: peer.endpoint, allowedIPs: peer.allowedIPs });
    expect(now?.latestHandshake).toBeGreaterThanOrEqual(peer.latestHandshake);
    expect(now?.rxBytes).toBeGreaterThan(peer.rxBytes);
  }
}

/** The agent logs every operation with the peer that it concerns. */
function expectTouchedOnly(keys: ReadonlySet<string>, log: string): void {
  const touched = [...log.matchAll(/"peer":"([^"]+)","message":"device operation"/g)].map(([, key]) => key ?? '');
  expect(touched.length).toBeGreaterThanOrEqual(2 * keys.size);
  expect(touched.filter((key) => !keys.has(key))).toEqual([]);
}

function report(what: string, losses: readonly LossCount[]): void {
  const text = losses.map(({ sent, lost }) => `${lost}/${sent}`).join(' ');
  process.stdout.write(`${what}: lost/sent ${text}\n`);
}
