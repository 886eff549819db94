import type { LabNode } from '../../tools/lab/node.ts';
import { ping } from '../../tools/lab/ping.ts';
import { elementsOf, loadNft } from './firewall-flows.ts';

const SEEN = `table inet seen
delete table inet seen
table inet seen {
  set v4 { type ipv4_addr; size 1024; flags dynamic; }
  set v6 { type ipv6_addr; size 1024; flags dynamic; }
  chain input {
    type filter hook input priority filter; policy accept;
    icmp type echo-request update @v4 { ip saddr }
    icmpv6 type echo-request update @v6 { ip6 saddr }
  }
}
`;

/** From now on, and forgetting what was before, a machine keeps the addresses that it is pinged from. */
export function recordSources(machine: LabNode): Promise<void> {
  return loadNft(machine, SEEN);
}

/** Addresses that a machine was pinged from since `recordSources`. */
export async function sourcesSeen(machine: LabNode) {
  return { v4: await elementsOf(machine, 'inet seen v4'), v6: await elementsOf(machine, 'inet seen v6') };
}

/** Which of these addresses answer a ping from a machine: every one of two. */
export function answered(from: LabNode, addresses: readonly string[]): Promise<boolean[]> {
  const one = async (address: string) => (await ping(from, address, { count: 2 })).received;
  return Promise.all(addresses.map(async (address) => (await one(address)) === 2));
}
