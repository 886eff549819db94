import type { Prefix } from '../model.ts';

/** A network that no pool may touch, and what it is, as the end of "overlaps 10.96.0.0/12, …". */
export interface ClusterNetwork {
  readonly what: string;
  readonly prefix: Prefix;
}

/** Ranges that are special on every host: IANA's registries of special-purpose addresses, RFC 6890. */
export const SPECIAL_NETWORKS: readonly ClusterNetwork[] = [
  special('0.0.0.0/8', '"this" network'),
  special('127.0.0.0/8', 'loopback'),
  special('169.254.0.0/16', 'link-local addresses'),
  special('224.0.0.0/4', 'multicast'),
  special('240.0.0.0/4', 'reserved addresses and broadcast'),
  special('::/96', 'unspecified, loopback and IPv4-compatible addresses'),
  special('::ffff:0:0/96', 'IPv4-mapped addresses'),
  special('fe80::/10', 'link-local addresses'),
  special('ff00::/8', 'multicast'),
];

function special(prefix: string, what: string): ClusterNetwork {
  return { prefix: prefix as Prefix, what };
}
