import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  WireGuardAddressBlock,
  WireGuardGateway,
  WireGuardNodeConfig,
  WireGuardPeer,
} from '../../../src/api/v1alpha1/index.ts';
import { secrets } from '../../../src/kube/resources.ts';
import type { SimulatedAgent } from '../../support/simulated-agent.ts';
import { condition, isReady, newKey, OperatorLab, type OperatorProcess, type Ref, SYSTEM, until } from './lab.ts';

let lab: OperatorLab;
let operator: OperatorProcess;
let agent: SimulatedAgent;
let pools = 0;

beforeAll(async () => {
  lab = await OperatorLab.start();
  operator = await lab.operator(['--quarantine-seconds', '600']);
  agent = await lab.node('n1');
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

interface Scene {
  readonly namespace: string;
  /** First three octets of the pool. */
  readonly net: string;
  readonly block: Ref;
}

/** A namespace with a gateway that is ready and the peer `p`, ready too. */
async function scene(length = 24): Promise<Scene> {
  pools += 1;
  agent.auto = true;
  const namespace = await lab.namespace();
  const net = `10.50.${pools}`;
  await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: `${net}.0/${length}` }] });
  await lab.peer({ namespace, name: 'p' });
  await ready({ namespace, name: 'p' });
  await until('its gateway is ready', async () =>
    isReady(await lab.get(WireGuardGateway, { namespace, name: 'edge' })),
  );
  const hex = pools.toString(16).padStart(2, '0');
  return { namespace, net, block: { namespace: SYSTEM, name: `v4-0a32${hex}00` } };
}

function ready(ref: Ref, seconds?: number) {
  return until(
    `${ref.name} is ready`,
    async () => {
      const found = await lab.get(WireGuardPeer, ref);
      return isReady(found) && found;
    },
    seconds,
  );
}

test('a NodeConfig that was deleted is written again, with keys that the node can open', async () => {
  const { namespace } = await scene();
  const before = await lab.config('n1');
  await lab.delete(WireGuardNodeConfig, { namespace: SYSTEM, name: 'n1' });
  const after = await until('it is written again', async () => {
    const found = await lab.config('n1');
    return found?.metadata.uid !== before?.metadata.uid && found;
  });
  expect(after.spec.identity).toEqual(before?.spec.identity);
  expect(after.spec.gateways).toHaveLength(before?.spec.gateways.length ?? 0);
  for (const configured of after.spec.gateways) expect(await agent.openKey(configured)).toMatchObject({ ok: true });
  await ready({ namespace, name: 'p' });
});

test('a status that somebody else wrote is put right, whatever it said', async () => {
  const { namespace, net } = await scene();
  const ref = { namespace, name: 'p' };
  const { status } = await ready(ref);
  const ours = decisionIn(status);
  for (const forged of [
    { addresses: [`${net}.200`] },
    { publicKey: newKey() },
    { routes: ['192.168.7.0/24'], presharedKey: 'Derived', configSecret: { name: 'other' } },
    { addresses: null, conditions: null, observedGeneration: null, publicKey: null },
  ]) {
    await lab.patchStatus(WireGuardPeer, ref, forged);
    const repaired = async () => {
      const found = await lab.get(WireGuardPeer, ref);
      return isReady(found) && decisionIn(found.status) === ours;
    };
    expect(await until(`it is repaired after ${JSON.stringify(forged)}`, repaired, 5)).toBe(true);
  }
});

function decisionIn(status: WireGuardPeer['status']): string {
  const { addresses, routes, publicKey, presharedKey, configSecret } = status ?? {};
  return JSON.stringify({ addresses, routes, publicKey, presharedKey, configSecret });
}

test('a status that somebody else wrote never changes the key that was made for a peer', async () => {
  const { namespace } = await scene();
  const ref = { namespace, name: 'made' };
  await lab.keylessPeer(ref);
  const { status } = await ready(ref);
  const secret = { namespace, name: 'made-wireguard' };
  const before = await lab.get(secrets, secret);
  for (const forged of [
    { publicKey: newKey() },
    { configSecret: null },
    { addresses: null, conditions: null, observedGeneration: null, publicKey: null, configSecret: null },
  ]) {
    for (const isRestarted of [false, true]) {
      if (isRestarted) await operator.role.stop('SIGTERM');
      await lab.patchStatus(WireGuardPeer, ref, forged);
      if (isRestarted) await operator.role.start();
      const repaired = async () => {
        const found = await lab.get(WireGuardPeer, ref);
        const isSame = found.status?.publicKey === status?.publicKey && found.status?.configSecret !== undefined;
        return isReady(found) && isSame;
      };
      await until(`it is repaired after ${JSON.stringify(forged)}, restarted: ${isRestarted}`, repaired);
    }
  }
  expect(await lab.get(secrets, secret)).toEqual(before);
});

test('a record that was taken out of a block, or a block that was deleted, is written again', async () => {
  const { namespace, net, block } = await scene();
  const ref = { namespace, name: 'p' };
  const { metadata, status } = await ready(ref);
  const recorded = async () => {
    const found = await lab.find(WireGuardAddressBlock, block);
    return found?.spec.allocations.some(({ offset, peer }) => {
      return peer.uid === metadata.uid && status?.addresses?.[0] === `${net}.${offset}`;
    });
  };
  expect(await recorded()).toBe(true);
  await lab.patch(WireGuardAddressBlock, block, { spec: { allocations: [] } });
  await until('it is recorded again', recorded, 5);
  await lab.delete(WireGuardAddressBlock, block);
  await until('and again in a new block', recorded, 5);
  expect((await lab.get(WireGuardPeer, ref)).status).toEqual(status);
});

test('a block that contradicts its name is BlockCorrupt for who needs it, and all others go on', async () => {
  const { namespace, net, block } = await scene();
  const before = await ready({ namespace, name: 'p' });
  const other = await scene();
  await lab.patch(WireGuardAddressBlock, block, { spec: { cidr: '10.99.99.0/24' } });
  const late = { namespace, name: 'late' };
  await lab.peer(late, { addresses: [`${net}.77`] });
  const found = await until('it is Stalled', async () => {
    const peer = await lab.get(WireGuardPeer, late);
    return condition(peer, 'Stalled') && peer;
  });
  expect(condition(found, 'Stalled')).toMatchObject({
    reason: 'BlockCorrupt',
    message: expect.stringContaining(block.name),
  });
  await lab.peer({ namespace: other.namespace, name: 'late' });
  await ready({ namespace: other.namespace, name: 'late' });
  const kept = await lab.get(WireGuardPeer, { namespace, name: 'p' });
  expect([kept.status?.addresses, condition(kept, 'Programmed')?.status]).toEqual([before.status?.addresses, 'True']);
  await lab.patch(WireGuardAddressBlock, block, { spec: { cidr: `${net}.0/24` } });
  await ready(late, 5);
  await ready({ namespace, name: 'p' }, 5);
});

test('a report of nonsense is no acknowledgement, and the next true one is', async () => {
  const { namespace } = await scene();
  const ref = { namespace, name: 'p' };
  const { metadata } = await ready(ref);
  agent.auto = false;
  const observedTime = '2026-01-01T00:00:00Z';
  const report = { nodeName: 'n1', nodeUID: (await lab.config('n1'))?.spec.identity.nodeUID, observedTime };
  const entry = { uid: metadata.uid, generation: 99, digest: 'nonsense' };
  await agent.say('s001.n1', { ...report, peers: [entry, { ...entry, uid: 'no-such-peer' }] });
  const doubted = await until('it is not ready', async () => {
    const found = await lab.get(WireGuardPeer, ref);
    return !isReady(found) && found;
  });
  expect(condition(doubted, 'Reconciling')?.reason).toBe('Progressing');
  await agent.say('s001.n1', {
    ...report,
    peers: [{ uid: metadata.uid, generation: 1, problem: { code: 'Odd', message: 'x' } }],
  });
  await until('an unknown reason is passed on', async () => {
    const found = condition(await lab.get(WireGuardPeer, ref), 'Programmed');
    return found?.reason === 'DeviceFailed' && found.message === 'Odd: x';
  });
  await agent.report();
  await ready(ref, 5);
});

test('a re-created peer gets its address back when the agent has reported the old one gone, not before, and nobody else does', async () => {
  const { namespace } = await scene(30);
  const ref = { namespace, name: 'p' };
  const { status } = await ready(ref);
  agent.auto = false;
  await lab.delete(WireGuardPeer, ref);
  await lab.peer({ namespace, name: 'other' });
  await lab.peer(ref);
  const reasonOf = async (name: string) => condition(await lab.get(WireGuardPeer, { namespace, name }), 'Ready');
  await until('nobody else gets it', async () => (await reasonOf('other'))?.reason === 'PoolExhausted');
  await until('it waits', async () => (await reasonOf('p'))?.message.includes('earlier peer of this name'));
  expect((await lab.get(WireGuardPeer, ref)).status?.addresses).toBeUndefined();
  agent.program();
  await agent.report();
  agent.auto = true;
  expect((await ready(ref)).status?.addresses).toEqual(status?.addresses);
  expect((await reasonOf('other'))?.reason).toBe('PoolExhausted');
});

test('a deletion while no operator runs is noticed at its start', async () => {
  const { namespace, block } = await scene();
  const { metadata } = await ready({ namespace, name: 'p' });
  await operator.role.stop('SIGTERM');
  await lab.delete(WireGuardPeer, { namespace, name: 'p' });
  await operator.role.start();
  const quarantined = await until('its address is quarantined', async () => {
    const { spec } = await lab.get(WireGuardAddressBlock, block);
    const entry = spec.allocations.find(({ peer }) => peer.uid === metadata.uid);
    return entry?.releaseTime !== undefined && entry;
  });
  expect(quarantined.peer.name).toBe('p');
});

test('wrong flags and variables are all named at once, and it exits 2', async () => {
  const main = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');
  const argv = [main, 'operator', '--nonsense', '--first-port', '0', '--forbidden-networks', '10.0.0.1/8'];
  const env = { PEERWRIGHT_LOG_LEVEL: 'loud', PEERWRIGHT_NO_SUCH: '1' };
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, argv, { env }, (error, _, text) => resolve({ code: error?.code, stderr: text }));
  });
  expect(code).toBe(2);
  const all = ['--nonsense', '--first-port', '--forbidden-networks', 'PEERWRIGHT_LOG_LEVEL', 'PEERWRIGHT_NO_SUCH'];
  for (const one of all) expect(stderr).toContain(one);
});
