import { expect } from 'vitest';
import { deviceName } from '../../src/mesh/device.ts';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { ip, ipIn } from '../../tools/lab/namespace.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { dropTooBig, type LabRouter } from '../../tools/lab/router.ts';
import { transfer } from '../../tools/lab/transfer.ts';
import { gateways, peers } from '../support/cluster.ts';
import { Mesh, reaches } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

export const namespace = 'net';
export const FAMILIES = ['v4', 'v6'] as const;
export type Family = (typeof FAMILIES)[number];

/** What is dialled over one family: a gateway, a laptop, and a site with a host behind it. */
export interface Side {
  readonly family: Family;
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly laptop: LabClient;
  readonly site: LabClient;
  readonly desk: LabNode;
}

/** A connection between a machine beyond the tunnel and `app`, with the addresses to call. */
export interface Pair {
  readonly name: string;
  readonly far: LabNode;
  readonly farAddress: string;
  readonly app: LabNode;
  readonly appAddress: string;
}

export interface TransfersWorld {
  readonly mesh: Mesh;
  readonly node: ClusterNode;
  readonly app: LabNode;
  readonly router: LabRouter;
  readonly sides: readonly Side[];
}

/** Of the networks behind node and sites: no packet of a host in them fits into a tunnel by itself. */
const LAN_MTU = 9000;

/**
 * ```
 *  desk ── site ══╗
 *                 ╠══ router ── hub ── node ── app        twice: over IPv4 and over IPv6
 *       laptop ══╝
 * ```
 *
 * Nobody on the way tells that a packet is too big: neither hub and router, nor node and sites, which are the ends of
 * the tunnels.
 */
export async function startTransfersWorld(prefix: string, mtu: number): Promise<TransfersWorld> {
  const mesh = await Mesh.start(prefix);
  const { lab, cluster } = mesh;
  const router = await lab.addRouter('uplink', { mtu });
  const [node] = await Promise.all([lab.addNode('n1', { mtu }), lab.addOperator()]);
  const segment = { device: 'segment', v4: '10.20.0.0/24', v6: 'fd00:20::/64', mtu: LAN_MTU };
  const app = await (await lab.addLan(node.node, segment)).addHost('app', { number: 10 });
  await cluster.namespace(namespace);
  const sides = await Promise.all(FAMILIES.map((family) => addSide({ mesh, node, router, mtu }, family)));
  await lab.network.dropTooBig(true);
  const world = { mesh, node, app, router, sides };
  for (const netns of ends(world)) await dropTooBig(netns, true);
  return world;
}

/** Namespaces of the machines with a tunnel. */
function ends({ node, sides }: Pick<TransfersWorld, 'node' | 'sides'>): readonly string[] {
  const clients = sides.flatMap(({ laptop, site }) => [laptop, site]);
  return [node, ...clients.map((client) => client.node)].map(({ spoke }) => spoke.netns);
}

interface Place extends Pick<TransfersWorld, 'mesh' | 'node' | 'router'> {
  readonly mtu: number;
}

async function addSide({ mesh, node, router, mtu }: Place, family: Family): Promise<Side> {
  const { lab, cluster } = mesh;
  const number = family === 'v4' ? 4 : 6;
  const [laptop, site] = await Promise.all([
    lab.addClient(`laptop${number}`, { router, mtu }),
    lab.addClient(`site${number}`, { router, mtu, forwards: true }),
  ]);
  const office = { v4: `192.168.${number}.0/24`, v6: `fd00:${number}::/64` };
  const lan = await lab.addLan(site.node, { device: 'office', ...office, mtu: LAN_MTU });
  const gateway = { namespace, name: `edge${number}` };
  const listenPort = 51_840 + number;
  await cluster.gateway(gateway, {
    pools: [{ cidr: `10.7${number}.0.0/24` }, { cidr: `fd00:7${number}::/112` }],
    endpoint: { host: node.spoke[family], port: listenPort },
    listenPort,
    routes: ['10.20.0.0/24', 'fd00:20::/64'],
    allowedPeerRoutes: Object.values(office),
  });
  for (const [name, routes] of [
    [`laptop${number}`, []],
    [`site${number}`, Object.values(office)],
  ] as const) {
    await cluster.peer({ namespace, name }, { gatewayRef: { name: gateway.name }, routes: [...routes] });
  }
  return { family, gateway, laptop, site, desk: await lan.addHost(`desk${number}`, { number: 10 }) };
}

/** Gives every link of the underlay this MTU, but for the one between hub and router where another is wished. */
export async function setUnderlay(world: TransfersWorld, mtu: number, hidden = mtu): Promise<void> {
  const { network } = world.mesh.lab;
  const { router } = world;
  const of = (name: string): number => (name.startsWith('link') ? hidden : mtu);
  for (const netns of [network.hub.netns, router.netns]) {
    const links = JSON.parse(await ip(['-n', netns, '-json', 'link', 'show'])) as { readonly ifname: string }[];
    const ports = links.map(({ ifname }) => ifname).filter((name) => /^(link|lab-|lan-)/.test(name));
    await ipIn(
      netns,
      ports.map((name) => `link set ${name} mtu ${of(name)}`),
    );
  }
  await ipIn(router.netns, [`link set eth0 mtu ${hidden}`]);
  for (const netns of ends(world)) await ipIn(netns, [`link set eth0 mtu ${mtu}`]);
}

/** Sets `spec.mtu` of both gateways, or leaves it to the agent. */
export async function configureMtu({ mesh, sides }: TransfersWorld, mtu: number | null): Promise<void> {
  await Promise.all(
    sides.map(async ({ gateway }) => {
      await mesh.cluster.patch(gateways, gateway, { spec: { mtu } });
      await mesh.cluster.ready(gateways, gateway, 60_000);
    }),
  );
}

/** Brings every tunnel up with the file of its Secret once the devices have this MTU; checks that both ends have it. */
export async function connectAll(world: TransfersWorld, mtu: number): Promise<void> {
  const { mesh, node, sides } = world;
  for (const { gateway } of sides) {
    const { uid = '' } = (await mesh.cluster.get(gateways, gateway)).metadata;
    const follows = async () => (await linkMtu(node.node, deviceName(uid))) === mtu;
    await waitFor(follows, { what: `the device of ${gateway.name} has MTU ${mtu}`, timeoutMs: 20_000 });
  }
  const clients = sides.flatMap(({ laptop, site }) => [laptop, site]);
  await Promise.all(
    clients.map(async (client) => {
      const ref = { namespace, name: client.node.spoke.name };
      await mesh.cluster.ready(peers, ref);
      await client.up(await mesh.file(ref));
      expect(await linkMtu(client.node, 'wg0')).toBe(mtu);
      await reaches(client, '10.20.0.10');
      await reaches(client, 'fd00:20::10');
    }),
  );
}

/** From laptops and desks to `app`, by IPv4 and by IPv6. */
export async function pairs({ mesh, app, sides }: TransfersWorld): Promise<readonly (readonly Pair[])[]> {
  return Promise.all(
    sides.flatMap(({ family, laptop, desk }) =>
      [laptop.node, desk].map(async (far) => {
        const { name } = far.spoke;
        const tunnelled = far === desk ? undefined : await mesh.cluster.get(peers, { namespace, name });
        const [v4 = '', v6 = ''] = tunnelled?.status?.addresses ?? [far.spoke.v4, far.spoke.v6];
        return [
          { name: `${name}: v4 in ${family}`, far, farAddress: v4, app, appAddress: app.spoke.v4 },
          { name: `${name}: v6 in ${family}`, far, farAddress: v6, app, appAddress: app.spoke.v6 },
        ];
      }),
    ),
  );
}

/** Sends in both directions; what failed, and the milliseconds of the slowest. */
export async function exchange(pair: Pair, options: { readonly megabytes: number; readonly timeoutMs: number }) {
  const there = await transfer(pair.far, pair.app, { address: pair.appAddress, ...options });
  const back = await transfer(pair.app, pair.far, { address: pair.farAddress, ...options });
  const failed = [
    ...(there.complete ? [] : [`${pair.name}, to app ${there.error}`]),
    ...(back.complete ? [] : [`${pair.name}, from app ${back.error}`]),
  ];
  return { failed, slowestMs: Math.max(there.milliseconds, back.milliseconds) };
}

/** How many packets a machine has taken apart until now. */
export async function takenApart({ node }: ClusterNode): Promise<Record<Family, number>> {
  const { stdout } = await node.exec(['cat', '/proc/net/snmp', '/proc/net/snmp6']);
  const [names = [], values = []] = [...stdout.matchAll(/^Ip: (.*)$/gm)].map(([, line = '']) => line.split(' '));
  const v6 = /^Ip6FragCreates\s+(\d+)$/m.exec(stdout)?.[1];
  return { v4: Number(values[names.indexOf('FragCreates')]), v6: Number(v6) };
}

async function linkMtu(machine: LabNode, device: string): Promise<number | undefined> {
  const { code, stdout } = await machine.exec(['ip', '-json', 'link', 'show', device]);
  return code === 0 ? (JSON.parse(stdout) as { readonly mtu: number }[])[0]?.mtu : undefined;
}
