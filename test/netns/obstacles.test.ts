import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceName } from '../../src/mesh/device.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { gateways, peers } from '../support/cluster.ts';
import { dumpDevice } from '../support/device.ts';
import { violations } from '../support/invariants.ts';
import { Mesh, someKey } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'net';

let mesh: Mesh;
let node: ClusterNode;

beforeAll(async () => {
  mesh = await Mesh.start('obst');
  [node] = await Promise.all([mesh.lab.addNode('n1', { labels: { site: 'n1' } }), mesh.lab.addOperator()]);
  await mesh.cluster.namespace(namespace);
  await mesh.cluster.gateway({ namespace, name: 'witness' }, { pools: [{ cidr: '10.90.0.0/24' }] });
  await mesh.cluster.ready(gateways, { namespace, name: 'witness' }, 60_000);
});

afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
});

test('an interface of our name that is not ours stays, is said, and hinders nobody else', async () => {
  const ref = { namespace, name: 'blocked' };
  const before = await witness();
  // a gateway has its uid, and so its device its name, before it has a node
  const nowhere = { pools: [{ cidr: '10.91.0.0/24' }], placement: { nodeSelector: { site: 'nowhere' } } };
  const { uid = '' } = (await mesh.cluster.gateway(ref, nowhere)).metadata;
  await mesh.cluster.condition(gateways, ref, { type: 'Stalled', reason: 'NoEligibleNode' });
  const device = deviceName(uid);
  expect((await node.node.exec(['ip', 'link', 'add', device, 'type', 'bridge'])).code).toBe(0);
  await mesh.cluster.patch(gateways, ref, { spec: { placement: { nodeSelector: { site: 'n1' } } } });
  const stalled = await mesh.cluster.condition(gateways, ref, { type: 'Stalled', reason: 'InterfaceConflict' });
  expect(stalled.status?.conditions?.find(({ type }) => type === 'Stalled')?.message).toContain(device);
  expect((await node.node.exec(['ip', '-d', 'link', 'show', device])).stdout).toContain('bridge');
  await mesh.cluster.peer({ namespace, name: 'other' }, { gatewayRef: { name: 'witness' }, publicKey: someKey() });
  await mesh.cluster.ready(peers, { namespace, name: 'other' });
  await node.node.exec(['ip', 'link', 'delete', device]);
  const ready = await mesh.cluster.ready(gateways, ref);
  expect(ready.status?.conditions?.some(({ type }) => type === 'Stalled')).toBe(false);
  expect(await witness()).toEqual(before);
  expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
});

test('a node without WireGuard says so, keeps trying, and goes on when there is one', async () => {
  const ref = { namespace, name: 'waiting' };
  await node.userspace.stop('SIGTERM');
  const spec = { pools: [{ cidr: '10.92.0.0/24' }], placement: { nodeSelector: { site: 'n1' } } };
  const { uid = '' } = (await mesh.cluster.gateway(ref, spec)).metadata;
  const reason = 'WireGuardUnavailable';
  await mesh.cluster.condition(gateways, ref, { type: 'Stalled', reason, timeoutMs: 40_000 });
  expect(await witness()).toMatchObject({ status: 'True' });
  await node.userspace.start();
  await mesh.cluster.ready(gateways, ref, 40_000);
  await waitFor(async () => (await dumpDevice(node.node, uid)) !== undefined, { what: 'the device is there' });
});

/** What the status of a gateway that nothing happened to says. */
async function witness() {
  const { status } = await mesh.cluster.get(gateways, { namespace, name: 'witness' });
  return status?.conditions?.find(({ type }) => type === 'Ready');
}
