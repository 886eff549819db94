import { PeerwrightError } from '../../src/runtime/error.ts';
import { runCommand } from './command.ts';
import { ipIn } from './namespace.ts';
import { Segment } from './segment.ts';

export interface RouterOptions {
  /** Of the link between the hub and the router: packets that are too big for it are dropped, and the sender is told. */
  readonly mtu: number;
}

/**
 * A router with machines behind it: `hub ──small link── router ──bridge── machines`. Neither end of a connection sees the
 * small link, so what fits has to be found out.
 */
export interface LabRouter {
  readonly name: string;
  readonly netns: string;
  /** Where the machines behind it are. */
  readonly segment: Segment;
}

export interface RouterPlace {
  readonly name: string;
  readonly netns: string;
  readonly hubNetns: string;
  /** Of this router in its lab, from 1. */
  readonly index: number;
  /** Beginning of IPv6 networks of the lab, `fd70:7700:1:`. */
  readonly v6: string;
}

/** The hub must forward packets. Error: LabFailed. */
export async function startRouter(place: RouterPlace, { mtu }: RouterOptions): Promise<LabRouter> {
  const { name, netns, hubNetns, index, v6 } = place;
  const link = new Segment({
    netns: hubNetns,
    device: `link${index}`,
    v4: `100.65.${index}.0/24`,
    v6: `${v6}65${index}::/64`,
    mtu,
  });
  await link.start();
  const router = await link.attach({ name, netns, number: 2, forwards: true });
  const subnets = { v4: `100.64.${index}.0/24`, v6: `${v6}64${index}::/64` };
  const segment = new Segment({ netns, device: 'lan', ...subnets });
  await segment.start();
  await ipIn(hubNetns, [`route add ${subnets.v4} via ${router.v4}`, `route add ${subnets.v6} via ${router.v6}`]);
  return { name, netns, segment };
}

const TABLE = 'table inet lab-too-big';
const CHAINS = ['output', 'forward'].map(
  (hook) => `chain ${hook} {
    type filter hook ${hook} priority 0
    icmp type destination-unreachable icmp code frag-needed drop
    icmpv6 type packet-too-big drop
  }
`,
);

/** Whether a namespace keeps to itself that a packet is too big, as many a firewall does, or tells the sender. */
export async function dropTooBig(netns: string, isDropped: boolean): Promise<void> {
  const create = isDropped ? `${TABLE} {\n${CHAINS.join('')}}\n` : '';
  const input = `${TABLE}\ndelete ${TABLE}\n${create}`;
  const { code, stderr } = await runCommand(['nsenter', `--net=/run/netns/${netns}`, '--', 'nft', '-f', '-'], {
    input,
  });
  if (code !== 0) throw new PeerwrightError('LabFailed', `nft: ${stderr.trim()}`);
}
