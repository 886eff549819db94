import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { gateways, peers } from '../support/cluster.ts';
import { allowedIPs } from '../support/device-faults.ts';
import { violations } from '../support/invariants.ts';
import { dumpDevice } from '../support/device.ts';
import { Mesh, reaches, someKey } from '../support/mesh.ts';
import { timed, waitFor } from '../support/wait.ts';

const namespace = 'net';

describe('from apply to packets', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let client: LabClient;

  beforeAll(async () => {
    mesh = await Mesh.start('tun');
    const [added, made] = await Promise.all([
      mesh.lab.addNode('n1'),
      mesh.lab.addClient('laptop'),
      mesh.lab.addOperator(),
    ]);
    node = added;
    client = made;
    await mesh.cluster.namespace(namespace);
    await mesh.cluster.gateway(
      { namespace, name: 'edge' },
      { pools: [{ cidr: '10.90.0.0/16' }, { cidr: 'fd00:90::/64' }] },
    );
    await mesh.cluster.ready(gateways, { namespace, name: 'edge' }, 60_000);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test('a peer pings its gateway over IPv4 and IPv6 and shows as Connected', async () => {
    await mesh.join(client, { namespace, name: 'laptop' }, 'edge');
    await reaches(client, '10.90.0.1');
    await reaches(client, 'fd00:90::1');
    const peer = await mesh.cluster.condition(peers, { namespace, name: 'laptop' }, { type: 'Connected' });
    expect(peer.status?.connection).toMatchObject({ state: 'Connected', nodeName: 'n1' });
    expect(peer.status?.connection?.endpoint).toContain(client.node.spoke.v4);
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  test('a peer that never dialled in is Ready, not Connected', async () => {
    await mesh.cluster.peer({ namespace, name: 'quiet' }, { gatewayRef: { name: 'edge' }, publicKey: someKey() });
    const peer = await mesh.cluster.ready(peers, { namespace, name: 'quiet' });
    const connected = peer.status?.conditions?.find((condition) => condition.type === 'Connected');
    expect(connected).toMatchObject({ status: 'False', reason: 'Never' });
  });

  test('the device forwards nothing and answers nothing but echo on its own addresses', async () => {
    const elsewhere = mesh.lab.network.hub.v4;
    await client.node.exec(['ip', 'route', 'add', '203.0.113.0/24', 'dev', 'wg0']);
    expect((await client.ping('203.0.113.1', { count: 2 })).received).toBe(0);
    const port = await client.node.exec(['timeout', '2', 'bash', '-c', 'echo > /dev/tcp/10.90.0.1/22']);
    expect(port.code).not.toBe(0);
    expect((await client.ping(elsewhere, { count: 1 })).received).toBe(1);
  });

  test.each([
    ['delete', () => mesh.cluster.remove(peers, { namespace, name: 'gone' })],
    ['state: Disabled', () => mesh.cluster.patch(peers, { namespace, name: 'gone' }, { spec: { state: 'Disabled' } })],
  ])('%s takes a peer off the device within 2 s, also while the operator is stopped', async (_, revoke) => {
    for (const stopped of [false, true]) {
      const ref = { namespace, name: 'gone' };
      await waitFor(async () => (await mesh.cluster.find(peers, ref)) === undefined, { what: 'gone is gone' });
      const publicKey = someKey();
      await mesh.cluster.peer(ref, { gatewayRef: { name: 'edge' }, publicKey });
      await mesh.cluster.ready(peers, ref);
      if (stopped) await Promise.all(mesh.lab.operators.map((operator) => operator.stop('SIGTERM')));
      await revoke();
      const { uid = '' } = (await mesh.cluster.get(gateways, { namespace, name: 'edge' })).metadata;
      const offDevice = async () => !(await dumpDevice(node.node, uid))?.peers.has(publicKey);
      const took = await timed(offDevice, { what: 'the peer is off the device', timeoutMs: 10_000, everyMs: 20 });
      expect(took).toBeLessThan(2_000);
      if (stopped) await Promise.all(mesh.lab.operators.map((operator) => operator.start()));
      if (await mesh.cluster.find(peers, ref)) {
        await mesh.cluster.condition(peers, ref, { type: 'Ready', reason: 'Disabled' });
        await mesh.cluster.remove(peers, ref);
      }
    }
  });

  test('Ready is only written when key and addresses are on the device at that moment', async () => {
    const { uid = '' } = (await mesh.cluster.get(gateways, { namespace, name: 'edge' })).metadata;
    for (let round = 0; round < 10; round++) {
      const ref = { namespace, name: `truth-${round}` };
      await mesh.cluster.peer(ref, { gatewayRef: { name: 'edge' }, publicKey: someKey() });
      const peer = await mesh.cluster.ready(peers, ref);
      const onDevice = (await dumpDevice(node.node, uid))?.peers.get(peer.status?.publicKey ?? '');
      expect(onDevice?.allowedIPs.join(',')).toBe(allowedIPs(peer));
    }
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });
});
