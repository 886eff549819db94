import { isIP } from 'node:net';
import type { Run } from '../exec.ts';
import { UNICAST, batchAnswers, hopsOf, isMarked } from './ip-json.ts';
import type { IpLink, IpRoute } from './ip-json.ts';

/**
 * The smallest MTU on the way to the remotes, or, without any, on the default routes: of the route where it has one
 * (which is what the kernel learned about the path), else of the interface. What goes through a device of ours does not
 * count, since its MTU follows from this one. Undefined when there is no way. One process.
 */
export async function readUnderlayMtu(
  remotes: readonly string[],
  { run, signal }: { readonly run: Run; readonly signal: AbortSignal },
): Promise<number | undefined> {
  const addresses = [...new Set(remotes)].filter((remote) => isIP(remote) !== 0 && !remote.includes('%'));
  const queries = remotes.length === 0 ? [DEFAULT_ROUTES] : addresses.map((address) => `route get ${address}`);
  const input = ['link show', ...queries].map((query) => `${query}\n`).join('');
  // With -force, what cannot be reached makes the exit code 1 and ends nothing.
  const options = { input, signal, exitCodes: [1] };
  const { stdout } = await run('ip', ['-force', '-json', '-details', '-N', '-batch', '-'], options);
  const [links = [], ...routes] = batchAnswers(stdout) as [IpLink[]?, ...IpRoute[][]];
  const mtuOf = new Map(links.filter((link) => !isMarked(link)).map(({ ifname, mtu }) => [ifname, mtu]));
  const mtus = routes.flat().flatMap((route) => mtusOf(route, mtuOf));
  return mtus.length === 0 ? undefined : Math.min(...mtus);
}

/** Those of both families: only with `table all` does `ip` show more than IPv4. */
const DEFAULT_ROUTES = 'route show table all default';

function mtusOf(route: IpRoute, mtuOf: ReadonlyMap<string, number>): number[] {
  if (!USABLE.has(route.type ?? UNICAST)) return [];
  const own = Math.min(...(route.metrics ?? []).map(({ mtu = Infinity }) => mtu));
  return hopsOf(route).flatMap(({ dev = '' }) => {
    const mtu = mtuOf.get(dev);
    return mtu === undefined ? [] : [Math.min(mtu, own)];
  });
}

/** Unicast, and local for an address of the node itself; the other types lead nowhere. */
const USABLE: ReadonlySet<string> = new Set([UNICAST, '2']);
