import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import { isReady, OperatorLab, type OperatorProcess, type Ref, until } from './lab.ts';

const PEERS = 100;
const IDLE_MS = 30_000;
/** Longer than every settling after a start: policies, liveness, a Lease of each agent. */
const AFTER_START_MS = 12_000;

let lab: OperatorLab;
let first: OperatorProcess;
let namespace: string;

beforeAll(async () => {
  lab = await OperatorLab.start();
  first = await lab.operator();
  await lab.node('n1');
  namespace = await lab.namespace();
  await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.40.0.0/24' }, { cidr: 'fd00:40::/64' }] });
  await until('the gateway is ready', async () =>
    isReady(await lab.get(WireGuardGateway, { namespace, name: 'edge' })),
  );
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Writes of one process between two moments, without those of its Lease. */
async function during(operator: OperatorProcess, run: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await operator.writes();
  await run();
  const after = await operator.writes();
  const counts = [...after].map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)]);
  return Object.fromEntries(counts.filter(([key, count]) => count > 0 && !key.endsWith(' leases')));
}

async function countersSettle(ref: Ref = { namespace, name: 'edge' }): Promise<void> {
  await until('the gateway has counted', async () => {
    const { status } = await lab.get(WireGuardGateway, ref);
    return status?.peers?.programmed === PEERS;
  });
}

test('a peer costs two status writes, its decision and its acknowledgement; blocks and counters are shared', async () => {
  const start = performance.now();
  const writes = await during(first, async () => {
    await Promise.all(Array.from({ length: PEERS }, (_, index) => lab.peer({ namespace, name: `p${index}` })));
    await until('every peer is ready', async () => (await lab.list(WireGuardPeer, namespace)).every(isReady));
  });
  process.stdout.write(
    `${PEERS} peers ready in ${((performance.now() - start) / 1_000).toFixed(1)} s: ${JSON.stringify(writes)}\n`,
  );
  const {
    'patch wireguardpeers/status': ofPeers = 0,
    'patch wireguardgateways/status': ofGateway = 0,
    ...others
  } = writes;
  expect(ofPeers).toBeLessThanOrEqual(2 * PEERS);
  expect(ofGateway).toBeLessThanOrEqual(3);
  const ofBlocks = (others['create wireguardaddressblocks'] ?? 0) + (others['update wireguardaddressblocks'] ?? 0);
  expect(ofBlocks).toBeLessThanOrEqual(PEERS);
  expect(Object.keys(others).filter((key) => !key.endsWith('wireguardaddressblocks'))).toEqual([]);
});

test('a peer whose key is made here costs one Secret besides, and nothing else', async () => {
  await countersSettle();
  const made = await lab.namespace();
  const edge = { namespace: made, name: 'edge' };
  await lab.gateway(edge, { pools: [{ cidr: '10.41.0.0/24' }, { cidr: 'fd00:41::/64' }] });
  await until('the gateway is ready', async () => isReady(await lab.get(WireGuardGateway, edge)));
  const start = performance.now();
  const writes = await during(first, async () => {
    const names = Array.from({ length: PEERS }, (_, index) => `p${index}`);
    await Promise.all(names.map((name) => lab.keylessPeer({ namespace: made, name })));
    await until('every peer is ready', async () => (await lab.list(WireGuardPeer, made)).every(isReady));
  });
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  process.stdout.write(`${PEERS} peers with keys made here ready in ${seconds} s: ${JSON.stringify(writes)}\n`);
  expect(writes).toMatchObject({ 'create secrets': PEERS, 'patch wireguardpeers/status': 2 * PEERS });
  const amortised = /wireguardaddressblocks$|^patch wireguardgateways[/]status$/;
  const others = Object.entries(writes).filter(([key]) => !/ (secrets|wireguardpeers[/]status)$/.test(key));
  expect(others.filter(([key]) => !amortised.test(key))).toEqual([]);
  expect(others.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(PEERS);
  await countersSettle(edge);
});

test('idle, nothing but the Lease is written', async () => {
  await countersSettle();
  expect(await during(first, () => sleep(IDLE_MS))).toEqual({});
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after a restart by %s with nothing changed, nothing but the Lease',
  async (signal) => {
    const before = await lab.list(WireGuardPeer, namespace);
    await first.role.restart(signal);
    await until('it answers', () => first.leading().catch(() => false), 25);
    expect(await during(first, () => sleep(AFTER_START_MS))).toEqual({});
    expect([...(await first.writes()).keys()].filter((key) => !key.endsWith(' leases'))).toEqual([]);
    expect(await lab.list(WireGuardPeer, namespace)).toEqual(before);
  },
);

test('a second operator takes over within 3 s of a SIGTERM and within 20 s of a SIGKILL', async () => {
  const second = await lab.operator();
  expect([await first.leading(), await second.leading()]).toEqual([true, false]);
  const took = async (
    from: OperatorProcess,
    to: OperatorProcess,
    how: { signal: 'SIGTERM' | 'SIGKILL'; seconds: number },
  ) => {
    const start = performance.now();
    const exit = from.role.stop(how.signal);
    await until(`the other leads after ${how.signal}`, () => to.leading(), how.seconds);
    await exit;
    return ((performance.now() - start) / 1_000).toFixed(1);
  };
  const term = await took(first, second, { signal: 'SIGTERM', seconds: 3 });
  await first.role.start();
  await until('the first is back', async () => !(await first.leading().catch(() => true)));
  const kill = await took(second, first, { signal: 'SIGKILL', seconds: 20 });
  process.stdout.write(`taken over after SIGTERM in ${term} s, after SIGKILL in ${kill} s\n`);
  await lab.peer({ namespace, name: 'after' });
  await until('the new leader works', async () => isReady(await lab.get(WireGuardPeer, { namespace, name: 'after' })));
});
