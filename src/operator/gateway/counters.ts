import type { GatewayStatus, PoolStatus } from '../../api/v1alpha1/gateway.ts';
import type { AddressBook } from '../../mesh/address-book.ts';
import { parsePool, capacityOf } from '../../mesh/pool.ts';
import type { Prefix } from '../../mesh/model.ts';
import type { Caches } from '../world/caches.ts';
import type { GatewayView, PeerView } from '../world/views.ts';

/** The numbers in a gateway's status. */
export interface Counters {
  readonly pools: readonly PoolStatus[];
  readonly peers: { readonly total: number; readonly programmed: number; readonly connected: number };
}

/** Counts a gateway's peers and addresses. `pools` are those that are granted. */
export function countersOf(
  gateway: GatewayView,
  pools: readonly Prefix[],
  { caches, book }: { caches: Pick<Caches, 'peers'>; book: AddressBook },
): Counters {
  const peers = caches.peers.by('gateway', `${gateway.namespace}/${gateway.name}`);
  return {
    pools: pools.map((cidr) => poolStatus(gateway, cidr, book)),
    peers: {
      total: peers.length,
      programmed: peers.filter((peer) => has(peer, 'Programmed')).length,
      connected: peers.filter((peer) => has(peer, 'Connected')).length,
    },
  };
}

function poolStatus(gateway: GatewayView, cidr: Prefix, book: AddressBook): PoolStatus {
  const pool = gateway.spec?.pools.find((candidate) => candidate.cidr === cidr);
  const space = parsePool(pool ?? { cidr });
  if (!space) return { cidr, capacity: 0, allocated: 0, quarantined: 0 };
  return { cidr, capacity: capacityOf(space), ...book.counts(space) };
}

function has(peer: PeerView, type: string): boolean {
  return peer.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Whether two statuses say the same but for the numbers. */
export function withCounters(status: GatewayStatus, counters: Pick<GatewayStatus, 'pools' | 'peers'>): GatewayStatus {
  return {
    ...status,
    ...(counters.pools && { pools: counters.pools }),
    ...(counters.peers && { peers: counters.peers }),
  };
}
