import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceName } from '../../src/mesh/device.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { gateways, peers, type Gateway, type Peer } from '../support/cluster.ts';
import { Mesh, someKey } from '../support/mesh.ts';
import { timed, waitFor } from '../support/wait.ts';

const namespace = 'net';
const edge = { namespace, name: 'edge' };

describe('what a node is like', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let device: string;

  beforeAll(async () => {
    mesh = await Mesh.start('state');
    [node] = await Promise.all([mesh.lab.addNode('n1'), mesh.lab.addOperator()]);
    // Names of the node's own, in a file that can be written again while it is mounted.
    await sh('cp /etc/hosts /run/hosts && mount --bind /run/hosts /etc/hosts');
    await mesh.cluster.namespace(namespace);
    const pools = [{ cidr: '10.90.0.0/24' }, { cidr: 'fd00:90::/112' }];
    const { metadata } = await mesh.cluster.gateway(edge, { pools, routes: ['172.20.0.0/16', 'fd00:20::/64'] });
    device = deviceName(metadata.uid ?? '');
    await mesh.cluster.ready(gateways, edge, 60_000);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  describe('forwarding', () => {
    test.each(['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])(
      'without %s the gateway is not Ready, and the command in its message makes it so',
      async (setting) => {
        await sh(`sysctl -w ${setting}=0`);
        const why = { type: 'Ready', status: 'False', reason: 'ForwardingDisabled' } as const;
        const message = messageOf(await mesh.cluster.condition(gateways, edge, why));
        const [, command = ''] = /run on the node: (.+)$/.exec(message) ?? [];
        expect(command).toBe(`sysctl -w ${setting}=1`);
        await sh(command);
        await mesh.cluster.ready(gateways, edge);
      },
    );
  });

  describe('the endpoint of a peer by name', () => {
    test('is dialled, and looked up again when nobody answers there', async () => {
      const ref = await dialling('branch', 'branch.example.net', '203.0.113.9');
      await mesh.cluster.ready(peers, ref);
      await dials('203.0.113.9:51820', 10_000);
      await named('branch.example.net', '203.0.113.10');
      // An answer counts for 30 s, and the device is looked at every 4 s.
      expect(await dials('203.0.113.10:51820', 60_000)).toBeLessThan(45_000);
    });

    test.each([
      ['loopback', '127.0.0.1', 'lies in 127.0.0.0/8'],
      ['a pool of its gateway', '10.90.0.9', 'lies in 10.90.0.0/24, a pool of the gateway'],
    ])('that leads to %s is not allowed', async (_, address, why) => {
      const host = `wrong-${address}.example.net`;
      const ref = await dialling(`wrong-${address.replaceAll('.', '-')}`, host, address);
      const wish = { type: 'Ready', status: 'False', reason: 'EndpointNotAllowed' } as const;
      const message = messageOf(await mesh.cluster.condition(peers, ref, wish));
      expect(message).toContain(`spec.endpoint.host ${host} has the address ${address}, which ${why}`);
      await named(host, '203.0.113.11');
      await mesh.cluster.ready(peers, ref, 60_000);
    });

    test('that nobody knows is said, and the peer is on the device all the same', async () => {
      const ref = await dialling('nowhere', 'nowhere.invalid');
      const wish = { type: 'Ready', status: 'False', reason: 'DeviceFailed' } as const;
      const peer = await mesh.cluster.condition(peers, ref, wish);
      expect(messageOf(peer)).toContain('spec.endpoint.host nowhere.invalid has no address in DNS');
      expect(await sh(`wg show ${device} peers`)).toContain(peer.status?.publicKey);
      await mesh.cluster.ready(gateways, edge);
    });
  });

  describe('a UDP port that somebody has', () => {
    test('and that the spec asks for: the holder is named, and when it goes the gateway works', async () => {
      const holder = await hold(51_999);
      const ref = { namespace, name: 'fixed' };
      await mesh.cluster.gateway(ref, { pools: [{ cidr: '10.91.0.0/24' }], listenPort: 51_999 });
      const stalled = { type: 'Stalled', reason: 'ListenPortConflict' };
      const message = messageOf(await mesh.cluster.condition(gateways, ref, stalled));
      expect(message).toMatch(/^UDP port 51999 of the node is held by \S+ \(pid \d+\); free it, or/);
      expect(message).toContain(`(pid ${holder.pid})`);
      await holder.stop();
      expect((await mesh.cluster.ready(gateways, ref)).status?.listenPort).toBe(51_999);
    });

    test('and that a gateway was to get that asks for none: it gets another one', async () => {
      // The lowest that is free is next, and the first has the first.
      const [taken, next] = [51_841, 51_842];
      expect((await mesh.cluster.get(gateways, edge)).status?.listenPort).toBe(taken - 1);
      const holder = await hold(taken);
      const ref = { namespace, name: 'dynamic' };
      await mesh.cluster.gateway(ref, { pools: [{ cidr: '10.92.0.0/24' }] });
      const ready = await mesh.cluster.ready(gateways, ref);
      expect(ready.status?.listenPort).toBe(next);
      expect(ready.status?.endpoint).toMatch(new RegExp(`:${next}$`));
      expect((await sh(`wg show ${deviceName(ready.metadata.uid ?? '')} listen-port`)).trim()).toBe(String(next));
      await holder.stop();
    });
  });

  /** A peer that the gateway has to dial. */
  async function dialling(name: string, host: string, address?: string) {
    if (address !== undefined) await named(host, address);
    const endpoint = { host, port: 51_820 };
    await mesh.cluster.peer({ namespace, name }, { gatewayRef: { name: 'edge' }, publicKey: someKey(), endpoint });
    return { namespace, name };
  }

  /** From now on the node knows the name, and no other. */
  async function named(host: string, address: string): Promise<void> {
    await sh(`echo '127.0.0.1 localhost\n${address} ${host}' > /etc/hosts`);
  }

  /** Milliseconds until the device dials this endpoint. */
  function dials(endpoint: string, timeoutMs: number): Promise<number> {
    const look = async () => (await sh(`wg show ${device} endpoints`)).includes(endpoint);
    return timed(look, { what: `the device dials ${endpoint}`, timeoutMs });
  }

  /** A process on the node that has the port. */
  async function hold(port: number) {
    const ready = `/run/held-${port}`;
    const program = `const fs = require('node:fs'), socket = require('node:dgram').createSocket('udp4');
      socket.bind(${port}, () => fs.writeFileSync('${ready}', ''));`;
    const holder = await node.node.spawn([process.execPath, '-e', program]);
    const isThere = async () => (await node.node.exec(['test', '-e', ready])).code === 0;
    await waitFor(isThere, { what: `somebody has port ${port}` });
    return holder;
  }

  async function sh(command: string): Promise<string> {
    const { code, stdout, stderr } = await node.node.exec(['sh', '-c', command]);
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
    return stdout;
  }
});

/** What the conditions say about why it is not Ready. */
function messageOf({ status }: Gateway | Peer): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}
