import type { LabClient } from '../lab/client.ts';
import type { Lab, LabLan } from '../lab/lab.ts';
import type { LabNode } from '../lab/node.ts';
import { CLUSTER_NETWORK, METADATA_NETWORK, NODES, SITE_LABEL, SITE_NETWORK } from './manifests.ts';
import type { Observed } from './observe.ts';
import type { Progress } from './progress.ts';
import type { Probe } from './reach.ts';

/** Everything that has an address in the demo, but for the API server. */
export interface Machines {
  /** Have a tunnel each. */
  readonly clients: Readonly<Record<'laptop' | 'branch' | 'printer', LabClient>>;
  /** The node of the gateway `edge`, and what is behind it. */
  readonly nodeA: LabNode;
  readonly server: LabNode;
  readonly metadata: LabNode;
  /** Behind `branch`. */
  readonly desk: LabNode;
}

/** Two nodes, an operator, three clients and the networks behind them, all at once. */
export async function startMachines(lab: Lab, progress: Progress): Promise<Machines> {
  const text = ['--log-format', 'text'];
  const startNode = ({ name, site }: (typeof NODES)[number]) =>
    progress.step(`${name}: agent and userspace helper`, () =>
      lab.addNode(name, { labels: { [SITE_LABEL]: site }, flags: text }),
    );
  const behindA = startNode(NODES[0]).then(({ node }) => startBehind(lab, node, progress));
  const nodeB = startNode(NODES[1]);
  const operator = progress.step('operator', () => lab.addOperator(text));
  const laptop = progress.step('laptop: a machine with nothing but wg-quick', () => lab.addClient('laptop'));
  const site = progress.step('branch, and behind it the machine desk', () => startSite(lab));
  const printer = progress.step('printer: a machine with a key of its own', () => lab.addClient('printer'));
  // All of them, whatever fails: what is still starting could not be removed.
  await Promise.allSettled([behindA, nodeB, operator, laptop, site, printer]);
  await Promise.all([nodeB, operator]);
  const { branch, desk } = await site;
  return { ...(await behindA), desk, clients: { laptop: await laptop, branch, printer: await printer } };
}

/** What has to reach what, and what must not. */
export function probes(machines: Machines, { gateways }: Observed): readonly Probe[] {
  const { clients, nodeA, server, metadata, desk } = machines;
  const laptop = { from: 'laptop', machine: clients.laptop.node };
  const gateway = (name: string) => ({
    to: `gateway ${name}`,
    addresses: gateways.find(({ metadata: { name: found } }) => found === name)?.status?.addresses ?? [],
    wanted: 'Answer' as const,
  });
  const toServer = { to: 'server behind edge', addresses: addressesOf(server), wanted: 'Answer' } as const;
  const toDesk = { to: 'desk behind branch', addresses: addressesOf(desk), wanted: 'Answer' } as const;
  const toMetadata = { to: 'metadata beside node-a', addresses: addressesOf(metadata) };
  return [
    { ...laptop, ...gateway('edge') },
    { ...laptop, ...toServer },
    { ...laptop, ...toDesk },
    { from: 'desk', machine: desk, ...toServer },
    { from: 'server', machine: server, ...toDesk },
    { from: 'printer', machine: clients.printer.node, ...gateway('legacy') },
    { from: 'node-a', machine: nodeA, ...toMetadata, wanted: 'Answer' },
    { ...laptop, ...toMetadata, wanted: 'Silence' },
  ];
}

function startBehind(lab: Lab, nodeA: LabNode, progress: Progress) {
  return progress.step('behind node-a: a server, and metadata as in a cloud', async () => {
    const addLan = (device: string, network: typeof CLUSTER_NETWORK): Promise<LabLan> =>
      lab.addLan(nodeA, { device, ...network });
    const server = await (await addLan('cluster0', CLUSTER_NETWORK)).addHost('server');
    const metadata = await (await addLan('meta0', METADATA_NETWORK)).addHost('metadata', { number: 254 });
    return { nodeA, server, metadata };
  });
}

async function startSite(lab: Lab) {
  const branch = await lab.addClient('branch', { forwards: true });
  const lan = await lab.addLan(branch.node, { device: 'office0', ...SITE_NETWORK });
  return { branch, desk: await lan.addHost('desk') };
}

function addressesOf({ spoke }: LabNode): readonly string[] {
  return [spoke.v4, spoke.v6];
}
