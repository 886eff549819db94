import type { LabClient } from '../../tools/lab/client.ts';
import type { LanHostOptions, LanOptions } from '../../tools/lab/network.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { OWN_ADDRESSES, SPOOFED_ADDRESSES, type ClientName, type MachineName } from './reachability-addresses.ts';

/**
 * ```
 *  laptop ─┐              ┌─ app: 10.20.0.10, and every address that is not behind a peer
 *  depot  ─┤ edge         │
 *  branch ─┤──── node ────┘ 10.20.0.0/24
 *    │     │ lobby
 *  desk  guest
 * ```
 *
 * Addresses of everything: `reachability-addresses.ts`.
 */
export interface Machines {
  readonly machines: Readonly<Record<MachineName, LabNode>>;
  readonly clients: Readonly<Record<ClientName, LabClient>>;
}

/** How machines are made: in a network alone, or in a lab with a cluster. */
export interface MachineMaker {
  /** One that forwards packets. */
  node(name: string): Promise<LabNode>;
  client(name: string, options?: { readonly forwards: boolean }): Promise<LabClient>;
  lan(behind: LabNode, options: LanOptions): Promise<HostMaker>;
}

export interface HostMaker {
  addHost(name: string, options: LanHostOptions): Promise<LabNode>;
}

export async function startMachines(make: MachineMaker): Promise<Machines> {
  const node = await make.node('node');
  const branch = await make.client('branch', { forwards: true });
  const others = (['laptop', 'depot', 'guest'] as const).map((name) => make.client(name));
  const [laptop, depot, guest] = (await Promise.all(others)) as [LabClient, LabClient, LabClient];
  const cluster = await make.lan(node, { device: 'cluster', v4: '10.20.0.0/24', v6: 'fd00:20::/64' });
  const site = await make.lan(branch.node, { device: 'site', v4: '192.168.7.0/24', v6: 'fd07::/64' });
  const app = await cluster.addHost('app', { number: 10 });
  const desk = await site.addHost('desk', { number: 10 });
  await give({ app, laptop: laptop.node, depot: depot.node });
  const routes = OWN_ADDRESSES.app?.map((address) => {
    const via = address.includes(':') ? 'fd00:20::10' : '10.20.0.10';
    return `ip route add ${address} via ${via}`;
  });
  // A node whose kernel checks sources would hide what its firewall does.
  const unchecked = 'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done';
  await sh(node, [unchecked, ...(routes ?? [])].join('\n'));
  const tunnelled = { laptop: laptop.node, branch: branch.node, depot: depot.node, guest: guest.node };
  return { machines: { node, app, desk, ...tunnelled }, clients: { laptop, branch, depot, guest } };
}

/** Runs a shell script on a machine and gives its standard output; throws when it fails. */
export async function sh(machine: Pick<LabNode, 'exec'>, script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.exec(['sh', '-ec', script]);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout;
}

/** Addresses besides those that their links have. */
async function give(machines: Readonly<Partial<Record<MachineName, LabNode>>>): Promise<void> {
  for (const [name, machine] of Object.entries(machines) as [MachineName, LabNode][]) {
    const addresses = [...(OWN_ADDRESSES[name] ?? []), ...(SPOOFED_ADDRESSES[name] ?? [])];
    await sh(machine, addresses.map((address) => `ip address add ${address} dev lo nodad`).join('\n'));
  }
}
