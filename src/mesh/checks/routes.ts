import { MAX_ROUTES } from '../../api/v1alpha1/route.ts';
import { contains, lengthOf, overlaps, parsePrefix, sortPrefixes } from '../ip/prefix.ts';
import type { Prefix } from '../model.ts';
import type { Problem } from '../problem.ts';
import type { Claim } from './claim.ts';
import { firstProblem, prevails } from './claim.ts';
import { SPECIAL_NETWORKS } from './special-networks.ts';
import type { ClusterNetwork } from './special-networks.ts';

/** A network that a peer has or wants as a route, or a gateway as a pool. */
export interface NetworkClaim extends Claim {
  readonly kind: 'Peer' | 'Gateway';
  readonly namespace: string;
  readonly name: string;
  readonly network: Prefix;
}

/** `allowedPeerRoutes` of a gateway. */
export interface Allowance {
  /** Of its spec: what will be allowed, as soon as that is decided. */
  readonly asked: readonly Prefix[];
  /** Of its status: what is in force, and what agents go by. */
  readonly decided: readonly Prefix[];
}

export interface RoutesToCheck {
  readonly self: Omit<Claim, 'granted'> & { readonly namespace: string };
  /** `spec.routes` */
  readonly routes: readonly string[];
  /** `status.routes` */
  readonly granted: readonly string[];
  readonly gateway: { readonly name: string; readonly allowance: Allowance };
  /** A network of the cluster that overlaps; special ranges are known here. */
  readonly clusterNetworkOn: (network: Prefix) => ClusterNetwork | undefined;
  /** Every claim that overlaps; those of `self` among them do not matter. */
  readonly claimsOn: (network: Prefix) => Iterable<NetworkClaim>;
}

export interface CheckedRoutes {
  /** What the peer is to have, sorted: all it asks for, or, when there is a problem, what it keeps. */
  readonly routes: readonly Prefix[];
  /** What it keeps when it is refused, for whatever reason: granted, still asked for, still allowed. Sorted. */
  readonly kept: readonly Prefix[];
  /** At most one a route, in their order. */
  readonly problems: readonly Problem[];
}

/**
 * Which networks behind a peer it may have. One that is refused refuses all that is new:
 *
 * | route                                               | problem         | stays if it was granted |
 * |-----------------------------------------------------|-----------------|-------------------------|
 * | outside what the gateway allows                     | RouteNotAllowed | no                      |
 * | allowed by the gateway's spec, not decided yet      | GatewayNotReady | yes: a gateway made anew |
 * | overlaps a network of the cluster or a special one  | ClusterOverlap  | yes                     |
 * | overlaps what prevails (`prevails`) of another peer | RouteOverlap    | no                      |
 * | overlaps a pool that is granted, or prevails        | RouteOverlap    | no                      |
 * | beside one of these                                 |                 | yes                     |
 * | otherwise                                           |                 | granted                 |
 */
export function checkRoutes(input: RoutesToCheck): CheckedRoutes {
  const asked = prefixesOf(input.routes);
  const granted = prefixesOf(input.granted);
  const problems = input.routes
    .map((text, index) => problemOf({ input, text, granted, path: `spec.routes[${index}]` }))
    .filter((problem) => problem !== undefined);
  const kept = sortPrefixes(grantedAmong(asked, granted).filter((network) => isKept(network, input)));
  return { routes: problems.length === 0 ? sortPrefixes(new Set(asked)) : kept, kept, problems };
}

/**
 * The networks that a peer has or wants. What it was granted counts as long as its spec still asks for it or for
 * something around it, so that another one can have it as soon as it is given up. Without a readable spec it all stays.
 */
export function claimedRoutes(
  asked: readonly Prefix[] | undefined,
  granted: readonly Prefix[],
): { readonly network: Prefix; readonly granted: boolean }[] {
  const had = asked === undefined ? granted : grantedAmong(asked, granted);
  const wanted = (asked ?? []).filter((network) => !had.includes(network));
  return [
    ...had.map((network) => ({ network, granted: true })),
    ...wanted.map((network) => ({ network, granted: false })),
  ];
}

/** Whether the allowance holds now, or as soon as the gateway's spec is decided, or not at all. */
export function allows({ asked, decided }: Allowance, network: Prefix): 'now' | 'soon' | 'not' {
  if (isInside(network, decided)) return 'now';
  return isInside(network, asked) ? 'soon' : 'not';
}

interface OneRoute {
  readonly input: RoutesToCheck;
  readonly text: string;
  readonly granted: readonly Prefix[];
  readonly path: string;
}

interface ParsedRoute extends OneRoute {
  readonly network: Prefix;
}

/** What is both asked for and granted, each network whole: no more than a status holds, those granted as they are first. */
function grantedAmong(asked: readonly Prefix[], granted: readonly Prefix[]): Prefix[] {
  return [...new Set([...granted, ...asked])]
    .filter((network) => isInside(network, asked) && isInside(network, granted))
    .slice(0, MAX_ROUTES);
}

function isKept(network: Prefix, input: RoutesToCheck): boolean {
  return allows(input.gateway.allowance, network) !== 'not' && rivalOn(network, true, input) === undefined;
}

function problemOf(route: OneRoute): Problem | undefined {
  const { text, path } = route;
  const network = parsePrefix(text);
  if (network === undefined) return invalid(path, `${text} must be a network in its shortest form without host bits`);
  if (lengthOf(network) === 0) return invalid(path, `${text} is a default route; name the networks behind the peer`);
  return firstProblem([checkAllowance, checkCluster, checkClaims], { ...route, network });
}

function checkAllowance({ input, network, path }: ParsedRoute): Problem | undefined {
  const { name, allowance } = input.gateway;
  switch (allows(allowance, network)) {
    case 'now':
      return undefined;
    case 'soon': {
      const message = `${path} ${network} is not in force at gateway ${name} yet; see its conditions, the peer follows by itself.`;
      return { code: 'GatewayNotReady', message, path };
    }
    case 'not': {
      const { decided } = allowance;
      const all = decided.length > 0 ? `${listed(decided)}, all` : 'everything: there is nothing';
      const message = `${path} ${network} lies outside ${all} that gateway ${name} allows; leave it out, or have it added to allowedPeerRoutes of the gateway.`;
      return { code: 'RouteNotAllowed', message, path };
    }
  }
}

function checkCluster({ input, network, path }: ParsedRoute): Problem | undefined {
  const special = SPECIAL_NETWORKS.find(({ prefix }) => overlaps(network, prefix));
  const found = special ?? input.clusterNetworkOn(network);
  if (found === undefined) return undefined;
  const message = `${path} ${network} overlaps ${found.prefix}, ${found.what}; choose a network outside it.`;
  return { code: 'ClusterOverlap', message, path };
}

function checkClaims({ input, network, granted, path }: ParsedRoute): Problem | undefined {
  // A route that grew is a new claim: only what lies wholly inside a granted network is its own already.
  const rival = rivalOn(network, isInside(network, granted), input);
  if (rival === undefined) return undefined;
  const message = `${path} ${network} overlaps ${nameOfClaim(rival, input.self.namespace)}; choose a network of its own, or have it given up there first.`;
  return { code: 'RouteOverlap', message, path };
}

/** Who has the better claim; the same one, however the claims are ordered. */
function rivalOn(network: Prefix, granted: boolean, { self, claimsOn }: RoutesToCheck): NetworkClaim | undefined {
  let found: NetworkClaim | undefined;
  for (const claim of claimsOn(network)) {
    if (claim.uid === self.uid || isMine({ ...self, granted }, claim)) continue;
    if (found === undefined || prevails(claim, found)) found = claim;
  }
  return found;
}

/** A peer can do without a route, a gateway not without a pool: granted to both, it is the pool that stays. */
function isMine(self: Claim, other: NetworkClaim): boolean {
  return prevails(self, other) && !(other.kind === 'Gateway' && other.granted);
}

/** Objects of other namespaces are not for this reader to know. */
export function nameOfClaim({ kind, namespace, name, network }: NetworkClaim, ownNamespace: string): string {
  if (namespace !== ownNamespace)
    return kind === 'Peer' ? 'a route of a peer elsewhere' : 'a pool of a gateway elsewhere';
  return kind === 'Peer' ? `route ${network} of peer ${name}` : `pool ${network} of gateway ${name}`;
}

const MOST_LISTED = 4;

function listed(networks: readonly Prefix[]): string {
  const left = networks.length - MOST_LISTED;
  return networks.slice(0, MOST_LISTED).join(', ') + (left > 0 ? ` and ${left} more` : '');
}

function isInside(network: Prefix, some: readonly Prefix[]): boolean {
  return some.some((outer) => contains(outer, network));
}

function prefixesOf(texts: readonly string[]): Prefix[] {
  return texts.map(parsePrefix).filter((prefix) => prefix !== undefined);
}

function invalid(path: string, what: string): Problem {
  return { code: 'InvalidObject', message: `${path} ${what}.`, path };
}
