import { NetworkIndex } from './checks/network-index.ts';
import { contains, lengthOf } from './ip/prefix.ts';
import type { Prefix } from './model.ts';
import type { Problem } from './problem.ts';

/** Something of a node that no route of ours may cover. */
export interface OccupiedNetwork {
  readonly prefix: Prefix;
  /** As the end of a sentence: `the route 10.0.0.0/8 via eth1`. */
  readonly what: string;
  readonly kind: 'Route' | 'Address' | 'Resolver' | 'ApiServer';
}

/**
 * Which networks cannot be led to a device of ours, with what stands there instead.
 *
 * | of the node                              | in the way of a route that              |
 * |------------------------------------------|-----------------------------------------|
 * | a default route                          | -                                       |
 * | another route                            | equals it, contains it or lies inside it |
 * | an address, a resolver, the API server   | equals or contains it                   |
 */
export function routeConflicts(
  wanted: Iterable<Prefix>,
  occupied: Iterable<OccupiedNetwork>,
): ReadonlyMap<Prefix, OccupiedNetwork> {
  const index = new NetworkIndex<OccupiedNetwork>();
  for (const network of occupied) if (lengthOf(network.prefix) > 0) index.add(network.prefix, network);
  const conflicts = new Map<Prefix, OccupiedNetwork>();
  for (const prefix of wanted) {
    const found = [...index.overlapping(prefix)].find((network) => isInTheWay(network, prefix));
    if (found !== undefined) conflicts.set(prefix, found);
  }
  return conflicts;
}

export function conflictProblem(prefix: Prefix, { what }: OccupiedNetwork): Problem {
  const message = `${prefix} overlaps ${what} of this node, which stays as it is; choose another network, or take that off the node.`;
  return { code: 'RouteConflict', message };
}

function isInTheWay({ kind, prefix }: OccupiedNetwork, wanted: Prefix): boolean {
  return kind === 'Route' || contains(wanted, prefix);
}
