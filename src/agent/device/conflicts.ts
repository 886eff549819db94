import type { DeviceName, Prefix } from '../../mesh/model.ts';
import { routeConflicts } from '../../mesh/route-conflict.ts';
import type { OccupiedNetwork } from '../../mesh/route-conflict.ts';
import type { NodeNetworks } from './node-networks.ts';

export interface RoutesToLead {
  readonly device: DeviceName;
  readonly wanted: Iterable<Prefix>;
  /** Those that lead to the device already: whoever comes later has to give way. */
  readonly there: readonly Prefix[];
}

export interface Conflicts {
  readonly byPrefix: ReadonlyMap<Prefix, OccupiedNetwork>;
  /** One is with another device of ours, which may be about to give the network up. */
  readonly isPassing: boolean;
}

const NONE: Conflicts = { byPrefix: new Map(), isPassing: false };

/** Which networks the node cannot lead to a device. Looks at the node only when there is something new to lead. */
export async function conflictsOf(
  { device, wanted, there }: RoutesToLead,
  networks: Pick<NodeNetworks, 'ofNode' | 'ofOurs'>,
  signal: AbortSignal,
): Promise<Conflicts> {
  const known = new Set(there);
  const added = [...wanted].filter((prefix) => !known.has(prefix));
  if (added.length === 0) return NONE;
  const ofOurs = routeConflicts(added, networks.ofOurs(device));
  const ofNode = routeConflicts(added, await networks.ofNode(signal));
  return { byPrefix: new Map([...ofOurs, ...ofNode]), isPassing: ofOurs.size > 0 };
}
