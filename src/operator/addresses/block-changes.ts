import type { Allocation } from '../../api/v1alpha1/address-block.ts';

/** One change of one block. Changes name the uid they mean, so that applying one twice or late does no harm. */
export type BlockChange =
  /** `only`: refused when the peer holds another address of the block, as an automatic choice must be. */
  | { readonly type: 'Add'; readonly allocation: Allocation; readonly only: boolean }
  /** Starts the quarantine. */
  | { readonly type: 'Release'; readonly offset: number; readonly peerUid: string; readonly releaseTime: string }
  /** Ends the quarantine, or takes back what no agent ever saw. */
  | { readonly type: 'Free'; readonly offset: number; readonly peerUid: string }
  /** Gives a quarantined address to the re-created peer of the same name. */
  | { readonly type: 'Reassign'; readonly from: string; readonly allocation: Allocation };

/** `Conflict`: the block is not as the one who asked believed; look again and choose anew. */
export type ChangeOutcome = 'Done' | 'Conflict';

/** A block's allocations after the changes, and what became of each change. The list stays sorted by offset. */
export function applyChanges(
  allocations: readonly Allocation[],
  changes: readonly BlockChange[],
): { readonly allocations: Allocation[]; readonly outcomes: ChangeOutcome[]; readonly changed: boolean } {
  const byOffset = new Map(allocations.map((allocation) => [allocation.offset, allocation]));
  let changed = false;
  const outcomes = changes.map((change) => {
    const effect = effectOf(change, byOffset);
    changed ||= effect === 'Changed';
    return effect === 'Conflict' ? 'Conflict' : 'Done';
  });
  const sorted = [...byOffset.values()].toSorted((left, right) => left.offset - right.offset);
  return { allocations: sorted, outcomes, changed };
}

type Effect = 'Changed' | 'Unchanged' | 'Conflict';

function effectOf(change: BlockChange, byOffset: Map<number, Allocation>): Effect {
  switch (change.type) {
    case 'Add':
      return add(change, byOffset);
    case 'Release':
      return release(change, byOffset);
    case 'Free':
      return free(change, byOffset);
    case 'Reassign':
      return reassign(change, byOffset);
  }
}

/** A peer that another operator has meanwhile given an address of this block does not get a second one. */
function add(change: BlockChange & { type: 'Add' }, byOffset: Map<number, Allocation>): Effect {
  const { allocation } = change;
  const holder = byOffset.get(allocation.offset);
  if (holder) return holder.peer.uid === allocation.peer.uid && !holder.releaseTime ? 'Unchanged' : 'Conflict';
  if (change.only && holds(allocation.peer.uid, byOffset)) return 'Conflict';
  byOffset.set(allocation.offset, allocation);
  return 'Changed';
}

function holds(peerUid: string, byOffset: Map<number, Allocation>): boolean {
  return byOffset.values().some((allocation) => allocation.peer.uid === peerUid && !allocation.releaseTime);
}

function release(change: BlockChange & { type: 'Release' }, byOffset: Map<number, Allocation>): Effect {
  const holder = byOffset.get(change.offset);
  if (holder?.peer.uid !== change.peerUid || holder.releaseTime) return 'Unchanged';
  byOffset.set(change.offset, { ...holder, releaseTime: change.releaseTime });
  return 'Changed';
}

function free(change: BlockChange & { type: 'Free' }, byOffset: Map<number, Allocation>): Effect {
  if (byOffset.get(change.offset)?.peer.uid !== change.peerUid) return 'Unchanged';
  byOffset.delete(change.offset);
  return 'Changed';
}

function reassign(change: BlockChange & { type: 'Reassign' }, byOffset: Map<number, Allocation>): Effect {
  const holder = byOffset.get(change.allocation.offset);
  if (holder?.peer.uid === change.allocation.peer.uid && !holder.releaseTime) return 'Unchanged';
  if (holder?.peer.uid !== change.from || !holder.releaseTime) return 'Conflict';
  byOffset.set(change.allocation.offset, change.allocation);
  return 'Changed';
}
