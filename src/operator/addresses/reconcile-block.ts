import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { Again } from '../../kube/worker.ts';
import { addressAt, blockCidr } from '../../mesh/blocks.ts';
import type { HeldAddress } from '../../mesh/book-block.ts';
import type { Caches } from '../world/caches.ts';
import * as kinds from '../world/kinds.ts';
import type { Addresses } from './addresses.ts';
import type { QuarantineDeps } from './quarantine.ts';
import { mayBeFreed, remainingMs } from './quarantine.ts';

export interface BlockDeps extends QuarantineDeps {
  readonly client: KubeClient;
  readonly caches: Pick<Caches, 'peers' | 'gateways' | 'blocks'>;
  readonly addresses: Addresses;
}

/** How often to look again at what waits for agents rather than for time. */
const LOOK_AGAIN_MS = 1_000;

/** Quarantines the addresses of peers that are gone and frees those whose quarantine is over. Key: namespace/name. */
export async function reconcileBlock(key: string, deps: BlockDeps, signal: AbortSignal): Promise<Again | void> {
  const held = heldIn(key, deps);
  const waits = await Promise.all(held.map((one) => settle(one, deps, signal)));
  const next = Math.min(...waits.filter((wait) => wait !== undefined));
  return Number.isFinite(next) ? { againAfterMs: next } : undefined;
}

function heldIn(key: string, { caches }: BlockDeps): HeldAddress[] {
  const block = caches.blocks.get(key);
  const cidr = block && blockCidr(block.name);
  if (!block?.spec || !cidr) return [];
  return block.spec.allocations.map(({ offset, ...holder }) => ({ address: addressAt(cidr, offset), holder }));
}

/** Milliseconds after which to look at the address again; undefined: when something changes. */
async function settle(one: HeldAddress, deps: BlockDeps, signal: AbortSignal): Promise<number | undefined> {
  const { address, holder } = one;
  if (holder.releaseTime) {
    if (mayBeFreed(one, deps)) await deps.addresses.free(holder.peer, [address]);
    else return Math.max(LOOK_AGAIN_MS, deps.caches.peers.byUid(holder.peer.uid) ? 0 : remainingMs(holder, deps));
    return undefined;
  }
  if (deps.caches.peers.byUid(holder.peer.uid)) return undefined;
  if (await exists(holder.peer, deps, signal)) return LOOK_AGAIN_MS;
  await deps.addresses.release(holder.peer, [address]);
  return undefined;
}

/** A list that lags is no proof that a peer is gone; the API server's own answer is. */
async function exists(peer: HeldAddress['holder']['peer'], deps: BlockDeps, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await deps.client.get(kinds.peers, peer, { signal });
    return found.metadata.uid === peer.uid;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
