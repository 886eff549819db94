import type { Pool } from '../../api/v1alpha1/gateway.ts';
import { contains, overlaps } from '../ip/prefix.ts';
import type { Prefix } from '../model.ts';
import type { Problem } from '../problem.ts';
import { firstProblem, prevails } from './claim.ts';
import { checkPoolForm } from './pool-form.ts';
import type { NetworkClaim } from './routes.ts';
import { nameOfClaim } from './routes.ts';
import { SPECIAL_NETWORKS } from './special-networks.ts';
import type { ClusterNetwork } from './special-networks.ts';

/** A gateway with the networks it asks for and those it was given. */
export interface PoolHolder {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly creationTimestamp: string;
  /** Networks of its spec. */
  readonly pools: readonly Prefix[];
  /** Networks of its last accepted decision; they stay its own also after the spec has changed. */
  readonly granted: readonly Prefix[];
}

export interface PoolsToCheck {
  readonly self: Omit<PoolHolder, 'pools'>;
  readonly pools: readonly Pool[];
  /** All gateways of the cluster; `self` among them does not matter. */
  readonly otherGateways: readonly PoolHolder[];
  /** Services, pods, nodes, API server and what the administrator adds; special ranges are known here. */
  readonly clusterNetworks: readonly ClusterNetwork[];
  /** Routes of peers, of this gateway too, that overlap. */
  readonly routeClaimsOn: (network: Prefix) => Iterable<NetworkClaim>;
}

/** Why pools cannot be accepted: at most one problem a pool, in the order of the pools. */
export function checkPools(input: PoolsToCheck): Problem[] {
  const problems: Problem[] = [];
  const { pools } = input;
  for (const [index, { cidr }] of pools.entries()) {
    const form = checkPoolForm({ pools, index });
    const problem = form ?? firstProblem(CHECKS, { input, cidr: cidr as Prefix, path: `spec.pools[${index}].cidr` });
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

interface OnePool {
  readonly input: PoolsToCheck;
  readonly cidr: Prefix;
  readonly path: string;
}

const CHECKS = [checkSpecialNetworks, checkClusterNetworks, checkOtherGateways, checkPeerRoutes];

function checkSpecialNetworks(pool: OnePool): Problem | undefined {
  return clusterOverlap(pool, SPECIAL_NETWORKS);
}

function checkClusterNetworks(pool: OnePool): Problem | undefined {
  return clusterOverlap(pool, pool.input.clusterNetworks);
}

function clusterOverlap({ cidr, path }: OnePool, networks: readonly ClusterNetwork[]): Problem | undefined {
  const network = networks.find(({ prefix }) => overlaps(cidr, prefix));
  if (network === undefined) return undefined;
  const message = `${path} ${cidr} overlaps ${network.prefix}, ${network.what}; choose a network outside it.`;
  return { code: 'ClusterOverlap', message, path };
}

function checkOtherGateways({ input, cidr, path }: OnePool): Problem | undefined {
  const { self } = input;
  const own = ownClaim(input, cidr);
  for (const other of input.otherGateways) {
    const granted = touches(other.granted, cidr);
    if (other.uid === self.uid || !(granted || touches(other.pools, cidr))) continue;
    if (prevails(own, { ...other, granted })) continue;
    const message = `${path} ${cidr} overlaps ${nameOf(other, input)}; choose a network that no other gateway uses.`;
    return { code: 'PoolOverlap', message, path };
  }
  return undefined;
}

/** A pool that is granted stays: the peer gives its route up (`checkRoutes`). */
function checkPeerRoutes({ input, cidr, path }: OnePool): Problem | undefined {
  const own = ownClaim(input, cidr);
  if (own.granted) return undefined;
  for (const claim of input.routeClaimsOn(cidr)) {
    if (prevails(own, claim)) continue;
    const message = `${path} ${cidr} overlaps ${nameOfClaim(claim, own.namespace)}; choose a network that no peer has behind it.`;
    return { code: 'RouteOverlap', message, path };
  }
  return undefined;
}

/** A pool that grew is a new claim: only what lies wholly inside a granted network is its own already. */
function ownClaim({ self }: PoolsToCheck, cidr: Prefix) {
  return { ...self, granted: self.granted.some((prefix) => contains(prefix, cidr)) };
}

/** Objects of other namespaces are not for this reader to know. */
function nameOf(other: PoolHolder, { self }: PoolsToCheck): string {
  return other.namespace === self.namespace ? `a pool of gateway ${other.name}` : 'a pool of a gateway elsewhere';
}

function touches(prefixes: readonly Prefix[], cidr: Prefix): boolean {
  return prefixes.some((prefix) => overlaps(prefix, cidr));
}
