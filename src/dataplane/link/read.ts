import type { DeviceName, Implementation, Prefix } from '../../mesh/model.ts';
import { ProgramFailed } from '../exec.ts';
import type { Run } from '../exec.ts';
import { MAIN, SCOPE_LINK, batchAnswers, isMarked, prefixOf } from './ip-json.ts';
import type { IpLink, IpRoute } from './ip-json.ts';
import { LINK_GROUP, ROUTE_PROTOCOL } from './marks.ts';

/** A link as `ip` shows it. */
export interface Link {
  readonly name: string;
  /** Empty when it has none. */
  readonly alias: string;
  /** `wireguard`, `tun`, `veth`, …; empty for a physical one. */
  readonly kind: string;
  /** We set the group in the request that creates a kernel link, the alias only in the next one. */
  readonly inOurGroup: boolean;
  readonly up: boolean;
  readonly mtu: number;
  /** Host addresses and networks alike as `local/length`; link-local IPv6 ones are left out, Linux adds them. */
  readonly addresses: readonly Prefix[];
  /** Prefixes with our protocol number that lead to this link. */
  readonly routes: readonly Prefix[];
}

/** One process. Undefined when there is no such link. */
export async function readLink(name: DeviceName, deps: { run: Run; signal: AbortSignal }): Promise<Link | undefined> {
  const input = `address show dev ${name}\nroute show table all dev ${name} proto ${ROUTE_PROTOCOL}\n`;
  try {
    const { stdout } = await deps.run('ip', ['-json', '-details', '-N', '-batch', '-'], { input, signal: deps.signal });
    const [links = [], routes = []] = batchAnswers(stdout);
    const [link] = links as IpLink[];
    return link === undefined ? undefined : linkOf(link, routes as IpRoute[]);
  } catch (error) {
    if (error instanceof ProgramFailed && /does not exist|Cannot find device/.test(error.stderr)) return undefined;
    throw error;
  }
}

/** Names of links that carry our alias. One process. */
export async function listLinks(deps: { run: Run; signal: AbortSignal }): Promise<DeviceName[]> {
  const { stdout } = await deps.run('ip', ['-json', '-details', '-N', 'link', 'show'], { signal: deps.signal });
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as IpLink[];
  return links
    .filter(isMarked)
    .map(({ ifname }) => ifname as DeviceName)
    .toSorted();
}

/** Prefixes of the main routing table with how they got there: everything that is not ours. One process. */
export async function foreignRoutes(deps: { run: Run; signal: AbortSignal }): Promise<Map<string, string>> {
  const args = ['-json', '-N', 'route', 'show', 'table', 'all'];
  const { stdout } = await deps.run('ip', args, { signal: deps.signal });
  const routes = JSON.parse(stdout === '' ? '[]' : stdout) as IpRoute[];
  const foreign = routes.filter(({ protocol, table = MAIN }) => protocol !== String(ROUTE_PROTOCOL) && table === MAIN);
  return new Map(foreign.map((route) => [prefixOf(route.dst), route.dev ?? route.gateway ?? 'no interface']));
}

/** The kernel's implementation is a link kind of its own, wireguard-go's is a tun. */
export function implementationOf({ kind }: Link): Implementation {
  return kind === 'wireguard' ? 'Kernel' : 'Userspace';
}

function linkOf(link: IpLink, routes: readonly IpRoute[]): Link {
  const addresses = (link.addr_info ?? []).filter(({ local, scope }) => scope !== SCOPE_LINK || !local.includes(':'));
  return {
    name: link.ifname,
    alias: link.ifalias ?? '',
    kind: link.linkinfo?.info_kind ?? '',
    inOurGroup: link.group === String(LINK_GROUP),
    up: link.flags.includes('UP'),
    mtu: link.mtu,
    addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}` as Prefix).toSorted(),
    routes: routes.map(({ dst }) => prefixOf(dst)).toSorted(),
  };
}
