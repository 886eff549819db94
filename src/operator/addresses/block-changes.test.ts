import { describe, expect, it } from 'vitest';
import type { Allocation } from '../../api/v1alpha1/address-block.ts';
import { allocation } from './addresses.testing.ts';
import { applyChanges, type BlockChange } from './block-changes.ts';

const THEN = '2026-01-01T00:00:00Z';
const LATER = '2026-01-01T00:00:09Z';
const add = (entry: Allocation, only = true): BlockChange => ({ type: 'Add', allocation: entry, only });
const release = (offset: number, name: string): BlockChange => ({
  type: 'Release',
  offset,
  peerUid: `uid-${name}`,
  releaseTime: LATER,
});
const free = (offset: number, name: string): BlockChange => ({ type: 'Free', offset, peerUid: `uid-${name}` });
const reassign = (from: string, entry: Allocation): BlockChange => ({
  type: 'Reassign',
  from: `uid-${from}`,
  allocation: entry,
});

const A7 = allocation(7, 'a');
const GONE7 = allocation(7, 'a', THEN);
const B7 = allocation(7, 'b');

const TABLE: readonly (readonly [string, Allocation[], BlockChange, Allocation[], string, boolean])[] = [
  ['a free offset is taken', [], add(A7), [A7], 'Done', true],
  ['an entry that is there already is not written again', [A7], add(A7), [A7], 'Done', false],
  ["another's offset is a conflict", [A7], add(B7), [A7], 'Conflict', false],
  ['a quarantined offset is a conflict for anyone else', [GONE7], add(B7), [GONE7], 'Conflict', false],
  ['a quarantined offset is a conflict also for who had it', [GONE7], add(A7), [GONE7], 'Conflict', false],
  ['an automatic choice gives no second one', [A7], add(allocation(8, 'a')), [A7], 'Conflict', false],
  [
    'a quarantined one does not count as the first',
    [GONE7],
    add(allocation(8, 'a')),
    [GONE7, allocation(8, 'a')],
    'Done',
    true,
  ],
  ['a request gives a second one', [A7], add(allocation(8, 'a'), false), [A7, allocation(8, 'a')], 'Done', true],
  ['a release starts the quarantine', [A7], release(7, 'a'), [allocation(7, 'a', LATER)], 'Done', true],
  ['a second release does not start it anew', [GONE7], release(7, 'a'), [GONE7], 'Done', false],
  ["a late release does not touch another's", [B7], release(7, 'a'), [B7], 'Done', false],
  ['a free ends it', [GONE7], free(7, 'a'), [], 'Done', true],
  ["a late free does not touch another's", [B7], free(7, 'a'), [B7], 'Done', false],
  ['a free of nothing is done', [], free(7, 'a'), [], 'Done', false],
  ['a quarantined one goes to the next of the name', [GONE7], reassign('a', B7), [B7], 'Done', true],
  ['a live one does not', [A7], reassign('a', B7), [A7], 'Conflict', false],
  ['nor one that was freed meanwhile', [], reassign('a', B7), [], 'Conflict', false],
  ['a reassignment that was made already is done', [B7], reassign('a', B7), [B7], 'Done', false],
];

describe('changes of a block', () => {
  it.each(TABLE)('%s', (...[, before, change, after, outcome, changed]) => {
    expect(applyChanges(before, [change])).toEqual({ allocations: after, outcomes: [outcome], changed });
  });

  it('are applied in order, each on what the one before left, and the list stays sorted', () => {
    const { allocations, outcomes } = applyChanges([A7], [free(7, 'a'), add(B7), add(allocation(3, 'c')), add(A7)]);
    expect(allocations).toEqual([allocation(3, 'c'), B7]);
    expect(outcomes).toEqual(['Done', 'Done', 'Done', 'Conflict']);
  });
});
