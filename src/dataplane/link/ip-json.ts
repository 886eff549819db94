import { ALIAS_PREFIX } from '../../mesh/device.ts';
import type { Prefix } from '../../mesh/model.ts';

/** A link as `ip -json -details -N` prints it; addresses with `address show` only. */
export interface IpLink {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly group?: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

/** A route as `ip -json -N` prints it; with several next hops, each of these has what is otherwise the route's. */
export interface IpRoute extends IpHop {
  readonly dst: string;
  /** A number; absent without `-details`: unicast. */
  readonly type?: string;
  readonly protocol?: string;
  readonly table?: string;
  readonly nexthops?: readonly IpHop[];
  readonly metrics?: readonly { readonly mtu?: number }[];
}

export interface IpHop {
  readonly dev?: string;
  readonly gateway?: string;
}

/** Numbers, because `-N` is given: the names are whatever a host's rt_tables, rt_scopes and rt_protos say. */
export const MAIN = '254';
export const SCOPE_LINK = '253';
export const UNICAST = '1';

/** What each line of a batch printed; a command that failed printed nothing. */
export function batchAnswers(stdout: string): unknown[] {
  const lines = stdout.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line): unknown => JSON.parse(line));
}

/** Whether a link carries our mark. */
export function isMarked({ ifalias = '' }: IpLink): boolean {
  return ifalias.startsWith(ALIAS_PREFIX);
}

/** `ip` leaves the length of host routes out and calls the default routes `default`. */
export function prefixOf(dst: string): Prefix {
  if (dst === 'default' || dst.includes('/')) return dst as Prefix;
  return `${dst}/${dst.includes(':') ? 128 : 32}` as Prefix;
}

export function hopsOf(route: IpRoute): readonly IpHop[] {
  return route.nexthops ?? [route];
}
