import type { Prefix } from '../../mesh/model.ts';

/**
 * Where nothing is ever forwarded to or from, also when a route of a gateway covers it: what every host has for itself,
 * multicast, and the metadata services of clouds, which give the node's credentials to whoever asks from the node.
 * Those with link-local addresses are covered by that; the others are of EC2 and Google (IPv6) and of Alibaba.
 */
export const NEVER: readonly Prefix[] = [
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '100.100.100.200/32',
  '::1/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
] as Prefix[];
