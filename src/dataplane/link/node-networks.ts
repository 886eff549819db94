import { readFile } from 'node:fs/promises';
import { SocketAddress, isIPv6 } from 'node:net';
import { parseAddress } from '../../mesh/ip/address.ts';
import { contains, hostPrefix, parsePrefix } from '../../mesh/ip/prefix.ts';
import type { Address, Prefix } from '../../mesh/model.ts';
import type { Run } from '../exec.ts';
import type { NodeNetwork } from '../port.ts';
import { MAIN, batchAnswers, hopsOf, isMarked, prefixOf } from './ip-json.ts';
import type { IpLink, IpRoute } from './ip-json.ts';
import { ROUTE_PROTOCOL } from './marks.ts';

export interface NodeNetworksDeps {
  readonly run: Run;
  readonly signal: AbortSignal;
  /** Path of resolv.conf(5); one that is not there names no resolver. */
  readonly resolvConf: string;
}

/** Routes, addresses and resolvers of this node that are not ours. One process. */
export async function readNodeNetworks({ run, signal, resolvConf }: NodeNetworksDeps): Promise<NodeNetwork[]> {
  const args = ['-json', '-details', '-N', '-batch', '-'];
  const { stdout } = await run('ip', args, { input: 'address show\nroute show table all\n', signal });
  const [links = [], routes = []] = batchAnswers(stdout) as [IpLink[]?, IpRoute[]?];
  const ours = new Set(links.filter(isMarked).map(({ ifname }) => ifname));
  return [
    ...routes.flatMap((route) => networkOfRoute(route, ours)),
    ...links.filter((link) => !isMarked(link)).flatMap(addressesOf),
    ...(await resolversIn(resolvConf)),
  ];
}

function networkOfRoute(route: IpRoute, ours: ReadonlySet<string>): NodeNetwork[] {
  if ((route.table ?? MAIN) !== MAIN || route.protocol === String(ROUTE_PROTOCOL)) return [];
  // Of what cannot be one of our networks, such as the mapped IPv4 addresses, there is nothing to say.
  const prefix = parsePrefix(prefixOf(route.dst));
  const devices = hopsOf(route).flatMap(({ dev = '' }) => (dev === '' ? [] : [dev]));
  if (prefix === undefined || DEFAULTS.has(prefix) || devices.some((dev) => ours.has(dev))) return [];
  const where = devices.length === 0 ? 'to nowhere' : `via ${devices.join(', ')}`;
  return [{ prefix, what: `the route ${prefix} ${where}`, kind: 'Route' }];
}

function addressesOf({ ifname, addr_info: addresses = [] }: IpLink): NodeNetwork[] {
  return addresses.flatMap(({ local }) => hostOf(local, (address) => `the address ${address} of ${ifname}`, 'Address'));
}

async function resolversIn(path: string): Promise<NodeNetwork[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
  return servers.flatMap((server) => hostOf(server, (address) => `the resolver ${address}`, 'Resolver'));
}

function hostOf(text: string, what: (address: Address) => string, kind: NodeNetwork['kind']): NodeNetwork[] {
  const address = parseAddress(isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : text);
  if (address === undefined || LOCAL.some((network) => contains(network, address))) return [];
  return [{ prefix: hostPrefix(address), what: what(address), kind }];
}

const DEFAULTS: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0']);

/** Loopback and link-local: every node has them, and no route of ours reaches them. */
const LOCAL = ['127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10'] as Prefix[];
