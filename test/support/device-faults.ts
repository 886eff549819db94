import { overlaps } from '../../src/mesh/ip/prefix.ts';
import { deviceName } from '../../src/mesh/device.ts';
import type { Prefix } from '../../src/mesh/model.ts';
import type { Lab } from '../../tools/lab/lab.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import type { Gateway, Peer } from './cluster.ts';
import { dumpDevice, type Dump } from './device.ts';

/**
 * What is wrong with the device of a gateway: it has exactly the enabled peers that were granted something, with
 * exactly that, and the node leads to it the pools and those routes. A network that a route of somebody else on the node
 * overlaps may be missing: who came first keeps it.
 */
export async function deviceFaults(lab: Lab, gateway: Gateway, allPeers: readonly Peer[]): Promise<string[]> {
  const { uid = '' } = gateway.metadata;
  const home = lab.nodes.find((node) => node.name === gateway.status?.nodeName);
  const dump = home && (await dumpDevice(home.node, uid));
  if (!dump) return [];
  const mine = grantedPeers(gateway, allPeers);
  const { own, others } = await routesOf(home.node, deviceName(uid));
  const mayLack = (network: string) => others.some((other) => overlaps(other, network as Prefix));
  return [...peerFaults(gateway, { mine, dump, mayLack }), ...routeFaults(gateway, { mine, own, mayLack })];
}

/** AllowedIPs of a peer as `wg show dump` prints them, sorted as text. */
export function allowedIPs(peer: Peer): string {
  return networksOf(peer).toSorted().join(',');
}

function networksOf({ status }: Peer): string[] {
  const addresses = (status?.addresses ?? []).map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
  return [...addresses, ...(status?.routes ?? [])];
}

/** By public key. */
function grantedPeers(gateway: Gateway, allPeers: readonly Peer[]): Map<string, Peer> {
  const { namespace, name } = gateway.metadata;
  const mine = allPeers.filter(
    ({ metadata, spec }) => metadata.namespace === namespace && spec.gatewayRef.name === name,
  );
  const live = mine.filter(({ spec, status }) => spec.state !== 'Disabled' && status?.publicKey);
  return new Map(live.map((peer) => [peer.status?.publicKey ?? '', peer]));
}

interface OnDevice {
  readonly mine: ReadonlyMap<string, Peer>;
  readonly dump: Dump;
  readonly mayLack: (network: string) => boolean;
}

function peerFaults({ metadata: { name } }: Gateway, { mine, dump, mayLack }: OnDevice): string[] {
  const wrong = [...dump.peers.values()].flatMap(({ publicKey, allowedIPs: there }) => {
    const peer = mine.get(publicKey);
    const granted = peer === undefined ? [] : networksOf(peer);
    const required = granted.filter((network) => !mayLack(network));
    const isRight = peer !== undefined && isSubset(there, granted) && isSubset(required, there);
    return isRight ? [] : [`${name} has ${publicKey} with ${there.join()}, granted is ${granted.join() || 'nothing'}`];
  });
  return [...wrong, ...[...mine.keys()].filter((key) => !dump.peers.has(key)).map((key) => `${name} lacks ${key}`)];
}

interface OnNode {
  readonly mine: ReadonlyMap<string, Peer>;
  /** Networks that the node leads to the device. */
  readonly own: readonly string[];
  readonly mayLack: (network: string) => boolean;
}

function routeFaults({ metadata: { name }, status }: Gateway, { mine, own, mayLack }: OnNode): string[] {
  const wanted = [
    ...(status?.pools ?? []).map(({ cidr }) => cidr),
    ...[...mine.values()].flatMap(({ status }) => status?.routes ?? []),
  ];
  const required = wanted.filter((network) => !mayLack(network));
  if (isSubset(own, wanted) && isSubset(required, own)) return [];
  return [`the node leads ${own.join() || 'nothing'} to ${name}, granted is ${wanted.join()}`];
}

function isSubset(some: readonly string[], others: readonly string[]): boolean {
  return some.every((each) => others.includes(each));
}

interface NodeRoutes {
  readonly own: readonly Prefix[];
  readonly others: readonly Prefix[];
}

/** Routes of the main table: ours to this device, and those to elsewhere, default routes left out. */
async function routesOf(node: LabNode, device: string): Promise<NodeRoutes> {
  const texts = await Promise.all(['-4', '-6'].map((family) => node.exec(['ip', '-json', '-N', family, 'route'])));
  const routes = texts.flatMap(({ stdout }) => JSON.parse(stdout || '[]') as IpRoute[]);
  const ours = routes.filter(({ dev, protocol }) => dev === device && protocol === OUR_PROTOCOL);
  const others = routes.filter(({ dev, dst }) => dev !== device && dst !== 'default' && !dst.startsWith('fe80:'));
  return { own: ours.map(({ dst }) => whole(dst)), others: others.map(({ dst }) => whole(dst)) };
}

interface IpRoute {
  readonly dst: string;
  readonly dev?: string;
  readonly protocol?: string;
}

const OUR_PROTOCOL = '157';

/** `ip` prints a host route without its length. */
function whole(destination: string): Prefix {
  return (destination.includes('/') ? destination : `${destination}/${destination.includes(':') ? 128 : 32}`) as Prefix;
}
