import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceName } from '../../src/mesh/device.ts';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { gateways, peers } from '../support/cluster.ts';
import { agentPage } from '../support/http.ts';
import { violations } from '../support/invariants.ts';
import { clientConfig, Mesh, reaches, someKey } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'net';
const edge = { namespace, name: 'edge' };
const SITE = '192.168.7.1';
const STRANGER = someKey();

/** A laptop, a site with a network behind it, and a peer with a preshared key. */
describe('what somebody changes on a node behind the back of its agent', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let laptop: LabClient;
  let site: LabClient;
  let device: string;

  beforeAll(async () => {
    mesh = await Mesh.start('drift');
    [node, laptop, site] = await Promise.all([
      mesh.lab.addNode('n1'),
      mesh.lab.addClient('laptop'),
      mesh.lab.addClient('site'),
      mesh.lab.addOperator(),
    ]);
    await mesh.cluster.namespace(namespace);
    const pools = [{ cidr: '10.90.0.0/24' }, { cidr: 'fd00:90::/112' }];
    const { metadata } = await mesh.cluster.gateway(edge, { pools, allowedPeerRoutes: ['192.168.0.0/16'] });
    device = deviceName(metadata.uid ?? '');
    await mesh.cluster.ready(gateways, edge, 60_000);
    await site.node.exec(['ip', 'link', 'add', 'lan0', 'up', 'type', 'bridge']);
    await site.node.exec(['ip', 'address', 'add', `${SITE}/24`, 'dev', 'lan0']);
    await join(laptop, 'laptop', { alsoTo: ['192.168.7.0/24'] });
    await join(site, 'site', { routes: ['192.168.7.0/24'] });
    const presharedKey = { type: 'Derived' } as const;
    const quiet = { gatewayRef: { name: 'edge' }, publicKey: someKey(), presharedKey, persistentKeepaliveSeconds: 25 };
    await mesh.cluster.peer({ namespace, name: 'quiet' }, quiet);
    await mesh.cluster.ready(peers, { namespace, name: 'quiet' });
    await reaches(laptop, SITE);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test('an agent that ends and starts again finds all as it should be, and touches nothing', async () => {
    const pings = await Promise.all([SITE, '10.90.0.1'].map((address) => laptop.startPing(address)));
    const logged = logOfAgent().length;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await node.agent.restart(signal);
      await waitFor(async () => (await passes()) >= 2, { what: 'the agent has looked at the device twice' });
    }
    const losses = await Promise.all(pings.map((ping) => ping.stop()));
    expect(losses.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(logOfAgent().slice(logged)).not.toContain('device operation');
  });

  test.each([
    ['the route of a peer', () => ['ip', 'route', 'del', '192.168.7.0/24', 'dev', device]],
    ['the route of a pool', () => ['ip', 'route', 'del', '10.90.0.0/24', 'dev', device]],
    ['an address', () => ['ip', 'address', 'del', '10.90.0.1/32', 'dev', device]],
    ['AllowedIPs', () => ofSite('allowed-ips', '10.90.0.200/32')],
    ['a keepalive', () => ofSite('persistent-keepalive', '7')],
    [
      'a preshared key that nobody decided',
      () => ['sh', '-c', `umask 077; wg genpsk > /run/x; ${ofSite('preshared-key').join(' ')} /run/x`],
    ],
    ['a preshared key', async () => ['wg', 'set', device, 'peer', await quietKey(), 'preshared-key', '/dev/null']],
    ['a peer', () => ofSite('remove')],
    ['a stranger', () => ['wg', 'set', device, 'peer', STRANGER, 'allowed-ips', '10.90.0.0/24']],
    ['the port', () => ['wg', 'set', device, 'listen-port', '51999']],
    ['the MTU', () => ['ip', 'link', 'set', device, 'mtu', '1300']],
    ['the state of the link', () => ['ip', 'link', 'set', device, 'down']],
    ['the firewall', () => ['nft', 'delete', 'table', 'inet', 'peerwright']],
    ['a chain of the firewall', () => ['nft', 'flush', 'chain', 'inet', 'peerwright', 'forward']],
    ['the link', () => ['ip', 'link', 'delete', device]],
  ])('%s is as before within 5 s', async (_, spoil) => {
    const before = await state();
    const { code, stderr } = await node.node.exec([...(await spoil())]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect.poll(state, { timeout: 5_000, interval: 50 }).toBe(before);
  });

  test('and then all works, and is said to', async () => {
    await mesh.cluster.ready(gateways, edge);
    for (const name of ['laptop', 'site', 'quiet']) await mesh.cluster.ready(peers, { namespace, name });
    // Of the old link's sessions nobody tells the clients: after 15 s without an answer they begin new ones.
    await Promise.all([reaches(site, '10.90.0.1'), reaches(laptop, '10.90.0.1')]);
    await reaches(laptop, SITE);
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  });

  async function join(client: LabClient, name: string, { routes = [], alsoTo = [] }: Wishes) {
    const ref = { namespace, name };
    await mesh.cluster.peer(ref, { gatewayRef: { name: 'edge' }, publicKey: client.publicKey, routes: [...routes] });
    const config = clientConfig(await mesh.cluster.ready(peers, ref), await mesh.cluster.get(gateways, edge));
    const allowedIPs = [...config.peer.allowedIPs, ...alsoTo];
    await client.configure({ ...config, peer: { ...config.peer, allowedIPs, persistentKeepaliveSeconds: 1 } });
    await reaches(client, '10.90.0.1');
  }

  function ofSite(...settings: readonly string[]): string[] {
    return ['wg', 'set', device, 'peer', site.publicKey, ...settings];
  }

  async function quietKey(): Promise<string> {
    return (await mesh.cluster.get(peers, { namespace, name: 'quiet' })).spec.publicKey ?? '';
  }

  /** Everything that the agent answers for, as one text. */
  async function state(): Promise<string> {
    const peerSettings = `wg show ${device} dump | tail -n +2 | awk '{ print $1, $2 == "(none)" ? "no key" : "a key", $4, $NF }' | sort`;
    const link = `ip -oneline link show ${device} | grep -o -e 'mtu [0-9]*' -e '[<,]UP'; ip link show ${device} | grep alias`;
    const networks = `ip -oneline address show ${device} scope global | awk '{ print $4 }'; for f in -4 -6; do ip $f route show dev ${device}; done`;
    const port = `wg show ${device} public-key; wg show ${device} listen-port`;
    const rules = 'nft list table inet peerwright';
    const { stdout } = await node.node.exec(['sh', '-c', [link, port, peerSettings, networks, rules].join('; ')]);
    // The names of sets end in a number that a new table may change.
    return stdout.replaceAll(/_\d+\b/g, '');
  }

  /** Looks of the running agent at the device. */
  async function passes(): Promise<number> {
    const page = await agentPage(node.node, '/metrics');
    const count = new RegExp(`device_passes_total{device="${device}",result="ok"} (\\d+)`).exec(page)?.[1];
    return Number(count ?? 0);
  }

  function logOfAgent(): string {
    return readFileSync(node.agent.log, 'utf8');
  }
});

interface Wishes {
  readonly routes?: readonly string[];
  /** Networks that the client sends into the tunnel besides the pools. */
  readonly alsoTo?: readonly string[];
}
