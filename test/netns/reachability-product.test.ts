import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceName } from '../../src/mesh/device.ts';
import { gateways } from '../support/cluster.ts';
import { violations } from '../support/invariants.ts';
import { waitFor } from '../support/wait.ts';
import { noteSources, notedSources } from './firewall-flows.ts';
import { GATEWAYS } from './reachability-addresses.ts';
import type { MachineName } from './reachability-addresses.ts';
import { ReachabilityCluster } from './reachability-cluster.ts';
import { sh } from './reachability-machines.ts';
import { AS_MADE, isReached, probesFor, type GatewayState } from './reachability-expected.ts';
import { replaceNft } from './reachability-nft.ts';
import { nameOf, sweep, type Probe } from './reachability-probes.ts';

const namespace = 'net';

let cluster: ReachabilityCluster;

beforeAll(async () => {
  cluster = await ReachabilityCluster.start('prod');
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

const [{ rules: edge }] = GATEWAYS;
const given = { routes: [...edge.routes] };

interface State extends GatewayState {
  /** A peer that is not there. */
  readonly without?: MachineName;
}

/** What is changed, how, and what the gateway `edge` is then. */
const CHANGES: readonly (readonly [string, () => Promise<void>, Partial<State>])[] = [
  ['nothing yet', async () => undefined, {}],
  ['Isolated became Open', () => cluster.changeGateway('edge', { peerTraffic: 'Open' }), { peerTraffic: 'Open' }],
  ['masquerade was disabled', () => cluster.changeGateway('edge', { masquerade: 'Disabled' }), { peerTraffic: 'Open' }],
  ['Open became Isolated', () => cluster.changeGateway('edge', { peerTraffic: 'Isolated' }), {}],
  ['the routes of the gateway were withdrawn', () => cluster.changeGateway('edge', { routes: [] }), { routes: [] }],
  ['they were given again, masqueraded', () => cluster.changeGateway('edge', { ...given, masquerade: 'Enabled' }), {}],
  ['the routes of its peers were withdrawn', withdrawPeerRoutes, { peerRoutes: [] }],
  ['they were given again', givePeerRoutes, {}],
  ['a peer was removed', () => cluster.leave('depot'), { without: 'depot' }],
  ['it was made again', () => cluster.join('depot'), {}],
];

test('what is in the routes of a gateway sees its node, or the peer as soon as masquerade is Disabled', async () => {
  const { app, laptop } = cluster.machines;
  const seen = async () => {
    await noteSources(app);
    const ends = ['10.20.0.10', 'fd00:20::10'];
    for (const end of ends) expect(await sh(laptop, `ping -n -c 1 -W 2 ${end}`)).toContain('1 received');
    return await notedSources(app);
  };
  expect(await seen()).toEqual(['10.20.0.1', 'fd00:20::1']);
  await cluster.changeGateway('edge', { masquerade: 'Disabled' });
  expect(await seen()).toEqual(['10.90.0.7', 'fd00:90::7']);
  await cluster.changeGateway('edge', { masquerade: 'Enabled' });
  expect(await seen()).toEqual(['10.20.0.1', 'fd00:20::1']);
});

describe('every cell of docs/reference/reachability.md, as Peerwright programs it,', () => {
  test.each(CHANGES)('is as it says: %s', async (_, change, state) => {
    await change();
    expect(await wrongCells(state)).toEqual([]);
  });

  test('is as before when agent and operator have started again', async () => {
    const before = await cluster.table();
    await cluster.node.agent.restart('SIGKILL');
    await cluster.mesh.lab.operators[0]?.restart('SIGTERM');
    expect(await wrongCells({})).toEqual([]);
    // An agent that does not know what it loaded last loads it again, under other names.
    await waitFor(async () => (await cluster.table()) !== before, { what: 'the table of the new agent' });
    expect(await wrongCells({})).toEqual([]);
    expect(await violations(cluster.mesh.lab, cluster.mesh.cluster)).toEqual([]);
  });
});

test('a link comes up only when a table that names it is loaded', async () => {
  const { node } = cluster.machines;
  const [asked, gate] = [join(node.folder, 'asked'), join(node.folder, 'gate')];
  // Loading waits for the gate, whoever wants to load; listing does not.
  const script = `[ "$1" != -f ] || { touch ${asked}; until [ -e ${gate} ]; do sleep 0.02; done; }\nexec "$NFT" "$@"`;
  await using nft = await replaceNft(node, script);
  const { metadata } = await cluster.mesh.cluster.gateway(LATE, { pools: [{ cidr: '10.92.0.0/16' }] });
  const device = deviceName(metadata.uid ?? '');
  await waitFor(() => existsSync(asked), { what: 'a load of the table' });
  expect(await tableOn(nft.machine)).not.toContain(device);
  expect(await isUp(device)).toBe(false);
  await writeFile(gate, '');
  await cluster.mesh.cluster.ready(gateways, LATE);
  expect(await tableOn(nft.machine)).toContain(device);
  expect(await isUp(device)).toBe(true);
  await cluster.removeGateway(LATE.name);
});

test('without a working nft nothing new is let through, and what was asked for follows when it works again', async () => {
  const { machines, mesh } = cluster;
  const edgeRef = { namespace, name: 'edge' };
  const nft = await replaceNft(machines.node, 'echo "Operation not permitted" >&2; exit 1');
  const wrong = (state: Partial<State>) => wrongCells(state, { ...machines, node: nft.machine });
  {
    await using _ = nft;
    await mesh.cluster.patch(gateways, edgeRef, { spec: { peerTraffic: 'Open' } });
    const { uid } = (await mesh.cluster.gateway(LATE, { pools: [{ cidr: '10.92.0.0/16' }] })).metadata;
    const unavailable = { type: 'Ready', status: 'False', reason: 'FirewallUnavailable' } as const;
    const { status } = await mesh.cluster.condition(gateways, edgeRef, unavailable);
    const message = status?.conditions?.find(({ type }) => type === 'Ready')?.message;
    expect(message).toContain('Operation not permitted');
    await mesh.cluster.condition(gateways, LATE, unavailable);
    expect(await wrong({})).toEqual([]);
    expect(await isUp(deviceName(uid ?? ''))).toBe(false);
    await restartAgent('FirewallUnavailable');
    expect(await wrong({})).toEqual([]);
    expect(await isUp(deviceName(uid ?? ''))).toBe(false);
  }
  await mesh.cluster.ready(gateways, edgeRef, 60_000);
  expect(await wrongCells({ peerTraffic: 'Open' })).toEqual([]);
  await mesh.cluster.ready(gateways, LATE, 60_000);
  expect(await isUp(await cluster.deviceOf(LATE.name))).toBe(true);
  await cluster.removeGateway(LATE.name);
  await cluster.changeGateway('edge', { peerTraffic: 'Isolated' });
});

test('of a gateway that is deleted nothing stays in the table, others are as before, and the last one takes it along', async () => {
  const lobby = await cluster.removeGateway('lobby');
  const device = await cluster.deviceOf('edge');
  await waitFor(async () => !(await cluster.table()).includes(lobby), { what: `no rule of ${lobby}` });
  expect(await cluster.table()).toContain(device);
  expect(await linkOf(lobby)).toBe('');
  expect(await wrongCells({ foreignPools: [] })).toEqual([]);
  await cluster.removeGateway('edge');
  await waitFor(async () => (await cluster.table()) === '', { what: 'no table' });
  expect(await linkOf(device)).toBe('');
});

const LATE = { namespace, name: 'late' };

async function withdrawPeerRoutes(): Promise<void> {
  for (const name of ['branch', 'depot'] as const) await cluster.changePeer(name, { routes: [] });
  const isClosed = async () => {
    const table = await cluster.table();
    return edge.peerRoutes.every((route) => !table.includes(route));
  };
  await waitFor(isClosed, { what: 'the routes of the peers are closed', timeoutMs: 5_000 });
}

async function givePeerRoutes(): Promise<void> {
  for (const { client, routes } of GATEWAYS[0].peers)
    if (routes.length > 0) await cluster.changePeer(client, { routes: [...routes] });
}

/** Cells that are not as they should be while the gateway `edge` is as made, but for this. */
async function wrongCells(change: Partial<State>, machines = cluster.machines) {
  const state: State = { ...AS_MADE, ...change };
  const expected = (probe: Probe) => isThere(probe, state) && isReached(probe, state);
  const probes = probesFor(state);
  const outcomes = await sweep({ machines }, probes, (probe, { answered }) => expected(probe) && !answered);
  expect(outcomes.size).toBe(probes.length);
  const wrong = [...outcomes].filter(([probe, { answered, arrived }]) =>
    expected(probe) ? !answered : answered || arrived,
  );
  return wrong.map(([probe, outcome]) => ({ probe: nameOf(probe), ...outcome }));
}

function isThere({ from, to }: Probe, { without }: State): boolean {
  return from.machine !== without && to.machine !== without;
}

/** Resolves when the new one has logged these words. */
async function restartAgent(words: string): Promise<void> {
  const { agent } = cluster.node;
  const read = () => readFileSync(agent.log, 'utf8');
  const { length } = read();
  await agent.restart('SIGKILL');
  await waitFor(() => read().slice(length).includes(words), { what: `the agent logs ${words}` });
}

async function tableOn(machine: Pick<typeof cluster.machines.node, 'exec'>): Promise<string> {
  return (await machine.exec(['nft', 'list', 'table', 'inet', 'peerwright'])).stdout;
}

async function isUp(device: string): Promise<boolean> {
  return /[<,]UP[,>]/.test(await linkOf(device));
}

async function linkOf(device: string): Promise<string> {
  return (await cluster.machines.node.exec(['ip', '-o', 'link', 'show', 'dev', device])).stdout;
}
